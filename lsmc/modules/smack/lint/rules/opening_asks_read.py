"""A rule that lets write or execute files that cannot be opened.

What it does: finds rules with `w` or `x` and without `r`, where no built-in rule gives `r`.

Why is this bad: opening a file asks `r`, whatever it is opened for, and so does executing it.  A
rule `w` alone lets a signal or a message be sent; `x` alone lets a directory be searched.

Bad:

```smack
App Log w  # found
App Tool x  # found
```

Good:

```smack
App Log rw
App Tool rx
App _ w
```

How sure: a guess: whether the label is that of files is not known here.  It is info, and on only
when selected.

How to fix: write `rw` or `rx` where files have the label.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.smack.labels import APPEND, EXEC, FLOOR, HAT, READ, WRITE, letters
from lsmc.modules.smack.lint.tree import Tree
from lsmc.modules.smack.redundant import built_in_decides


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each pair whose access has `w` or `x`, but neither `r` nor `a`, which LSM715 tells."""
    for (subject, obj), pair in tree.policy.pairs.items():
        asks = pair.access & (WRITE | EXEC)
        read_anyway = obj == FLOOR or subject == HAT
        if not asks or pair.access & (READ | APPEND) or read_anyway:
            continue
        if not built_in_decides(subject, obj, pair.access):
            yield CHECK.finding(
                pair.rows[-1].row.span,
                f"`{letters(asks)}` without `r` opens no file with the label `{obj}`",
                help=f"write `{subject} {obj} {letters(pair.access | READ)}` if files have it",
                profile=subject,
            )


CHECK = Check(
    "LSM716", "opening-asks-read", "info", run, default=False, effect=True, confidence="low"
)
