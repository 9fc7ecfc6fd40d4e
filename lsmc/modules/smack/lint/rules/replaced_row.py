"""A row that a later row for the same pair replaces.

What it does: finds rows for a pair of labels after which a row of an access file for the same pair
is loaded, with another access.

Why is this bad: the kernel has one rule for a pair, and the last one written counts: the access of
both rows is not joined.  Whoever reads the first row believes that it holds.

Bad:

```smack
# file: accesses
App System r  # found
# file: accesses.d/10-app
App System w
```

Good:

```smack
# file: accesses
App System r
# file: accesses.d/10-change-rule
App System w -
```

How sure: exact.  `accesses` is loaded first, then the files of `accesses.d` in the order of their
names; of several paths those that are named later are loaded later.

How to fix: keep one row with all of the access, or write what is added as a change, in a file whose
name ends in `change-rule`.  `--fix` removes the row that does not count.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.lint.model import Check
from lsmc.modules.smack.labels import letters
from lsmc.modules.smack.lint.tree import Tree, without_row


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each row that another replaces, unless both give the same."""
    for (subject, obj), pair in tree.policy.pairs.items():
        lost = pair.rows[: len(pair.rows) - len(pair.deciding)]
        last = pair.deciding[0]
        for rule in lost:
            if rule.sets == last.sets and not rule.change:
                continue  # LSM713
            yield CHECK.finding(
                rule.row.span,
                f"`{rule.row.text}` does not count: a later row gives `{subject}`"
                f" `{letters(last.sets)}` on `{obj}`",
                help="keep one row with all of the access",
                profile=subject,
                related=[Label(last.row.span, "replaces it")],
                fix=without_row(rule),
            )


CHECK = Check("LSM712", "replaced-row", "warning", run, effect=True)
