"""A change of a rule that changes nothing.

What it does: finds rows of a `change-rule` file that add letters which the rule has, and remove
letters which it does not have.

Why is this bad: the row does nothing; perhaps the rule that it was meant for has other labels, or
is loaded later.

Bad:

```smack
# file: accesses
App System rx
# file: accesses.d/10-change-rule
App System r w  # found
```

Good:

```smack
# file: accesses
App System rx
# file: accesses.d/10-change-rule
App System w x
```

How sure: exact, where all files of the policy are given.

How to fix: remove the row, or correct its labels.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.smack.lint.tree import Tree, without_row
from lsmc.modules.smack.model import after


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each change after which the access of its pair is as before."""
    for (subject, obj), pair in tree.policy.pairs.items():
        access = 0
        for rule in pair.rows:
            before, access = access, after(access, rule)
            if rule.change and access == before:
                yield CHECK.finding(
                    rule.row.span,
                    f"`{rule.row.text}` changes nothing of the rule for `{subject}` and `{obj}`",
                    help="remove it, or correct its labels",
                    profile=subject,
                    fix=without_row(rule),
                )


CHECK = Check("LSM714", "change-without-effect", "warning", run, effect=True)
