"""Labels that differ in the case of letters only.

What it does: finds labels that differ from a label of other rows in the case of their letters only;
the one that fewer rows name is told.

Why is this bad: labels are compared as they are written, so that these are two labels: what is
allowed for one is refused to the other.

Bad:

```smack
App System r
User System r
Web system r  # found
```

Good:

```smack
App System r
User System r
Web System r
```

How sure: exact that they are two labels; that they are meant to be one is a guess.

How to fix: write the label in one way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.base.source import Span
from lsmc.lint.model import Check
from lsmc.modules.smack.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each label that is rarer than one that differs in case."""
    counts: Counter[str] = Counter()
    first: dict[str, Span] = {}
    for rule in tree.policy.rules:
        for label, word in zip((rule.subject, rule.object), rule.row.words, strict=False):
            counts[label] += 1
            first.setdefault(label, word)
    usual: dict[str, str] = {}
    for label in sorted(counts, key=lambda one: (-counts[one], one)):
        other = usual.setdefault(label.lower(), label)
        if other != label:
            yield CHECK.finding(
                first[label],
                f"`{label}` is another label than `{other}`, which more rows name",
                help="write the label in one way",
                related=[Label(first[other], "named here")],
            )


CHECK = Check("LSM733", "case-of-labels", "warning", run, confidence="medium")
