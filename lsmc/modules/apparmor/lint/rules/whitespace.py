"""A file whose layout is not that of `lsmc fmt`.

What it does: finds files in which `lsmc fmt` would change indentation, blanks, blank lines or line
ends.  There is one finding a file, at the first place.  Words are left to other checks.

Why is this bad: changes of policy are reviewed as differences of text; layout that changes with the
editor hides what matters.

Bad:

```apparmor
profile bad /bin/bad {
  /etc/a r,
    /etc/b   r,  # found
}
```

Good:

```apparmor
profile good /bin/good {
  /etc/a r,

  # the same with a comment
  /etc/b r,   # blanks before comments are the author's
}
```

How sure: exact.  Files with syntax errors are passed over.

How to fix: `lsmc fmt`, or `lsmc lint --fix`, which changes no decision.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Edit, Fix
from lsmc.base.source import Source, Span
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.source_files import given
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.syntax.formatter import format_text


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each file that is not formatted."""
    for file in given(tree):
        if not file.sound:
            continue
        good = format_text(file.source, words=False)
        if good != file.source.text:
            yield _finding(file.source, good)


def _finding(source: Source, good: str) -> Diagnostic:
    edits = tuple(_edits(source, good))
    first = edits[0].span.start
    text = source.text
    end = text.find("\n", first)
    span = Span(source, first, len(text) if end < 0 else end)
    count = f"{len(edits)} place{'' if len(edits) == 1 else 's'}"
    return CHECK.finding(
        span,
        f"layout differs from that of `lsmc fmt` in {count}",
        fix=Fix("format the file", edits),
    )


def _edits(source: Source, good: str) -> Iterator[Edit]:
    """The lines that change."""
    old, new = source.text.splitlines(keepends=True), good.splitlines(keepends=True)
    if "".join(old) != source.text or any("\r" in line.rstrip("\r\n") for line in old):
        yield Edit(Span(source, 0, len(source.text)), good)
        return
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind != "equal":
            span = Span(source, starts[first], starts[last])
            yield Edit(span, "".join(new[start:end]))


CHECK = Check("LSM503", "whitespace", "warning", run, default=False)
