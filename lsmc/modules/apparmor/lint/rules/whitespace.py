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
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import takewhile

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


#: Pairs of equal lines that are looked at.
_MANY_PAIRS = 1_000_000


def _edits(source: Source, good: str) -> Iterator[Edit]:
    """The lines that change."""
    old, new = source.text.splitlines(keepends=True), good.splitlines(keepends=True)
    if "".join(old) != source.text or any("\r" in line.rstrip("\r\n") for line in old):
        yield Edit(Span(source, 0, len(source.text)), good)
        return
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    for first, last, start, end in _differences(old, new):
        yield Edit(Span(source, starts[first], starts[last]), "".join(new[start:end]))


def _differences(old: list[str], new: list[str]) -> Iterator[tuple[int, int, int, int]]:
    """Ranges of old and of new lines that differ, the first with its end, then the second.

    To look for the best ones takes as many steps as there are pairs of equal lines.  Where these
    are too many, all between the first and the last line that differ is one range.
    """
    counts = Counter(new)
    if sum(counts[text] for text in old) <= _MANY_PAIRS:
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        for kind, first, last, start, end in matcher.get_opcodes():
            if kind != "equal":
                yield first, last, start, end
        return
    first = _equal(old, new)
    behind = _equal(reversed(old[first:]), reversed(new[first:]))
    yield first, len(old) - behind, first, len(new) - behind


def _equal(some: Iterable[str], others: Iterable[str]) -> int:
    """How many members are equal from the start."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(some, others)))  # noqa: B905


CHECK = Check("LSM503", "whitespace", "info", run, default=False)
