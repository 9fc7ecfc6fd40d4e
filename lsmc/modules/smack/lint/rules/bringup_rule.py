"""A rule whose use is only reported.

What it does: finds rules with `b`.

Why is this bad: `b` (bringup) is there to find out which access is needed: each use is written to
the kernel log.  In policy that is shipped it floods the log, and makes `ptrace` fail where the rule
decides.  Kernels without `CONFIG_SECURITY_SMACK_BRINGUP` pass over the letter.

Bad:

```smack
App System rwb  # found
```

Good:

```smack
App System rw
```

How sure: exact.  Rules with `b` may be there on purpose while policy is written.

How to fix: remove the letter when the access is right.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.smack.labels import BRINGUP, letters
from lsmc.modules.smack.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each pair whose access has `b`."""
    for (subject, obj), pair in tree.policy.pairs.items():
        if pair.access & BRINGUP:
            yield CHECK.finding(
                pair.rows[-1].row.span,
                f"each use of `{letters(pair.access)}` by `{subject}` on `{obj}` is reported",
                help="remove the `b` when the access is right",
                profile=subject,
            )


CHECK = Check("LSM731", "bringup-rule", "warning", run, confidence="medium")
