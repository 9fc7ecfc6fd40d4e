"""A rule that lets append to files, which it does not.

What it does: finds rules with `a` and without `w`, or without `r`.

Why is this bad: opening a file to append to it asks `w` and `a` together, and opening it at all
asks `r`.  So `a` alone, or `ra`, never lets a file be appended to.

Bad:

```smack
App Log ra  # found
```

Good:

```smack
App Log rwa
App System r
```

How sure: exact for files: a kernel 6.1 asks so.  A kernel that is built with
`CONFIG_SMACK_APPEND_SIGNALS` asks `a` of the receiver of a signal.

How to fix: write `rwa`, or leave `a` out.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.smack.labels import APPEND, READ, WRITE, letters
from lsmc.modules.smack.lint.tree import Tree
from lsmc.modules.smack.redundant import built_in_decides


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each pair whose access has `a`, but not what appending asks besides."""
    for (subject, obj), pair in tree.policy.pairs.items():
        lacks = (READ | WRITE) & ~pair.access
        if not pair.access & APPEND or not lacks or built_in_decides(subject, obj, pair.access):
            continue
        yield CHECK.finding(
            pair.rows[-1].row.span,
            f"`{subject}` cannot append to a file with the label `{obj}`: `{letters(lacks)}` is"
            " asked as well",
            help=f"write `{subject} {obj} {letters(pair.access | lacks)}`, or leave `a` out",
            profile=subject,
        )


CHECK = Check("LSM715", "append-without-write", "warning", run, effect=True)
