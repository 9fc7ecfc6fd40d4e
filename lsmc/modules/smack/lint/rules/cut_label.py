"""A label that the kernel cuts.

What it does: finds labels with a character that a label does not have: `/`, `\\`, a quote, or one
that is not printable ASCII.  The kernel takes what stands before it.

Why is this bad: the rule is loaded without any complaint, but for another label.

Bad:

```smack
App/Player System r  # found
```

Good:

```smack
App::Player System r
```

How sure: exact.

How to fix: write a label of printable ASCII characters without quotes and slashes.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import to_display
from lsmc.lint.model import Check
from lsmc.modules.smack.labels import read_label
from lsmc.modules.smack.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each label of a row that is shorter than its word."""
    for rule in tree.policy.rules:
        for word in rule.row.words[:2]:
            label = read_label(word.text)
            if label.cut:
                yield CHECK.finding(
                    word,
                    f"the kernel reads the label `{label.name}` of `{to_display(word.text)}`",
                    help="write a label of printable ASCII without quotes and slashes",
                    profile=rule.subject,
                )


CHECK = Check("LSM721", "cut-label", "warning", run)
