"""Text that the kernel does not read.

What it does: finds words in `unconfined` behind the label, and labels in `onlycap` behind the end
of a line: the kernel takes one label from `unconfined`, and knows only blanks between those of
`onlycap`.

Why is this bad: the file seems to name labels that do not count.

Bad:

```smack
# file: accesses
App System r
# file: onlycap
System
Admin  # found
```

Good:

```smack
# file: accesses
App System r
# file: onlycap
System Admin
```

How sure: exact, where the file is written to smackfs as it is.

How to fix: write the labels on one line.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.smack.lint.tree import Tree
from lsmc.modules.smack.syntax import lines


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each word of a file of labels that is not read."""
    policy = tree.policy
    read = [one.word for one in (policy.unconfined, *policy.onlycap) if one is not None]
    starts = {(word.source, word.start) for word in read}
    for source in {word.source: None for word in read}:
        for words in lines(source):
            for word in words:
                if (source, word.start) not in starts:
                    yield CHECK.finding(
                        word,
                        f"the kernel does not read `{word.text}`",
                        help="write it on the first line",
                    )


CHECK = Check("LSM725", "lost-text", "warning", run)
