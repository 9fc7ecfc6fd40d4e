"""A rule with `t` that lets nothing be made in a directory.

What it does: finds rules with `t` and without `w` or `x`.

Why is this bad: `t` says that what is made in a directory with the flag TRANSMUTE gets the label of
the directory.  To make something there asks `w` and `x` of the directory, so that `t` has no
effect.

Bad:

```smack
App User::Home rt  # found
```

Good:

```smack
App User::Home rwxt
```

How sure: exact.  That a rule has `wxt` says nothing of directories: without the flag TRANSMUTE
(`chsmack -t`) on one, `t` does nothing there either.

How to fix: write `rwxt`, or leave `t` out.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.smack.labels import EXEC, TRANSMUTE, WRITE, letters
from lsmc.modules.smack.lint.tree import Tree
from lsmc.modules.smack.redundant import built_in_decides


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each pair whose access has `t`, but not what making a file asks."""
    for (subject, obj), pair in tree.policy.pairs.items():
        lacks = (WRITE | EXEC) & ~pair.access
        if not pair.access & TRANSMUTE or not lacks or built_in_decides(subject, obj, pair.access):
            continue
        yield CHECK.finding(
            pair.rows[-1].row.span,
            f"`t` has no effect: `{subject}` makes nothing in a directory `{obj}` without"
            f" `{letters(lacks)}`",
            help=f"write `{subject} {obj} {letters(pair.access | lacks)}`, or leave `t` out",
            profile=subject,
        )


CHECK = Check("LSM717", "transmute-without-create", "warning", run, effect=True)
