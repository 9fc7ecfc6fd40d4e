"""A comment that the kernel reads as rules.

What it does: finds rows whose first word begins with `#` or `//`.

Why is this bad: smackfs knows no comments.  The first three words of one are a rule for a subject
`#`, the next three another rule, and what is left over takes the first words of the next line.

Bad:

```smack
# player rules  # found
App System r
```

Good:

```smack
App System r
```

How sure: certain of what the kernel reads; that `#App` is no label on purpose is a guess.

How to fix: move comments to a file beside the policy.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.smack.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each row that begins as a comment does."""
    for rule in tree.policy.rules:
        word = rule.row.words[0]
        if word.text.startswith(("#", "//")):
            yield CHECK.finding(
                rule.row.span,
                f"the kernel knows no comments: this is a rule for `{rule.subject}` and"
                f" `{rule.object}`",
                help="move the comment out of the policy",
                profile=rule.subject,
            )


CHECK = Check("LSM722", "comment-row", "warning", run, confidence="medium")
