"""A row that is written again later.

What it does: finds rows for a pair of labels after which a row for the same pair with the same
access is loaded.

Why is this bad: the first row does nothing, and whoever changes it alone changes nothing.

Bad:

```smack
# file: accesses
App System rx  # found
# file: accesses.d/10-app
App System rx
```

Good:

```smack
App System rx
App User rx
```

How sure: exact.

How to fix: remove one of the rows; `--fix` removes the first.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.lint.model import Check
from lsmc.modules.smack.lint.tree import Tree, without_row


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each row that another repeats."""
    for (subject, _), pair in tree.policy.pairs.items():
        last = pair.deciding[0]
        for rule in pair.rows[: len(pair.rows) - len(pair.deciding)]:
            if rule.sets == last.sets and not rule.change:
                yield CHECK.finding(
                    rule.row.span,
                    f"`{rule.row.text}` is written again later",
                    help="remove one of the rows",
                    profile=subject,
                    related=[Label(last.row.span, "says the same")],
                    fix=without_row(rule),
                )


CHECK = Check("LSM713", "repeated-row", "warning", run, effect=True)
