"""A comment about work that is left to do.

What it does: finds comments with the words TODO, FIXME, XXX or HACK, in capital letters.  `words`
in `[checks.todo-comment]` is another list.

Why is this bad: policy that its author calls unfinished is enforced all the same.

Bad:

```apparmor
profile bad /bin/bad {
  # TODO: which of these?
  /etc/** r,
}
```

Good:

```apparmor
profile good /bin/good {
  # files such as /tmp/XXXXXX, and the to-do list
  /etc/** r,
}
```

How sure: exact as to the words.

How to fix: do it, or turn it into an entry where such work is tracked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span, to_display
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.source_files import given, texts
from lsmc.modules.apparmor.lint.tree import Tree

WORDS = ["TODO", "FIXME", "XXX", "HACK"]


def run(tree: Tree) -> Iterator[Diagnostic]:
    """The first such word of each comment."""
    words = texts(tree, CHECK, "words")
    if not words:
        return
    pattern = re.compile(rf"(?<![\w/])(?:{'|'.join(map(re.escape, words))})(?!\w)")
    for file in given(tree):
        for comment in file.tree.comments:
            found = pattern.search(comment.span.text)
            if found is not None:
                start = comment.span.start + found.start()
                span = Span(file.source, start, comment.span.start + found.end())
                rest = to_display(comment.span.text[found.start() :].strip())
                text = rest if len(rest) <= 60 else rest[:59] + "…"
                yield CHECK.finding(span, f"work is left to do: `{text}`")


CHECK = Check("LSM507", "todo-comment", "info", run, default=False, table={"words": WORDS})
