"""A label to which, and by which, nothing is refused.

What it does: finds a label in the file `unconfined`.

Why is this bad: whatever rules refuse to a task with this label, or of an object with it, is let
through and only written to the log.  It is there to find out which rules are missing.

Bad:

```smack
# file: accesses
App System r
# file: unconfined
App  # found
```

Good:

```smack
# file: accesses
App System r
# file: unconfined
-
```

How sure: exact, for kernels with `CONFIG_SECURITY_SMACK_BRINGUP`; others have no such file.

How to fix: write `-` to the file, or remove it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.smack.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """The unconfined label."""
    found = tree.policy.unconfined
    if found is not None:
        yield CHECK.finding(
            found.word,
            f"nothing is refused to `{found.label}`, nor of it",
            help="write `-` to the file, or remove it",
        )


CHECK = Check("LSM732", "unconfined-label", "warning", run)
