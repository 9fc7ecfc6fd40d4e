"""Access letters that the kernel does not read.

What it does: finds access words with a character that is no access letter.  The kernel takes the
letters before it.

Why is this bad: the rule is loaded without any complaint, but gives less than it says: `r,w` is
`r`.

Bad:

```smack
App System r,w  # found
App User rwk  # found
```

Good:

```smack
App System rw
App User r-x
```

How sure: exact.  Letters are `rwxatlb` of either case, and `-` is passed over.

How to fix: write the letters without anything else.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.smack.labels import letters, read_access
from lsmc.modules.smack.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each access word that is read in part."""
    for rule in tree.policy.rules:
        for word in rule.row.words[2:]:
            access = read_access(word.text)
            if access.ignored:
                kept = word.text[: len(word.text) - len(access.ignored)]
                yield CHECK.finding(
                    word,
                    f"the kernel reads `{letters(access.bits)}`: it stops behind `{kept}`",
                    help="letters are `rwxatlb`",
                    profile=rule.subject,
                )


CHECK = Check("LSM723", "ignored-letters", "warning", run)
