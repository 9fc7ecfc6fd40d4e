"""A boolean that no rule depends on.

What it does: finds booleans that no `booleanif` of the policy names.

Why is this bad: it is offered to administrators, and does nothing.  Often it is misspelt in the
block, or the block was removed.

Bad:

```cil
(boolean web_reads_logs false)  ; found
(type web_t)
```

Good:

```cil
(boolean web_reads_logs false)
(type web_t)
(type log_t)
(booleanif web_reads_logs
  (true (allow web_t log_t (file (read)))))
```

How sure: exact for the files that are given.  Programs may ask for a boolean themselves.

How to fix: remove it, or write the block.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.selinux.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each boolean that is in no condition."""
    used = {word for one in tree.policy.conditions for word in one.postfix}
    for number, one in enumerate(tree.policy.booleans):
        if number not in used:
            yield CHECK.finding(
                tree.span(one.place), f"no rule depends on `{one.name}`", help="remove it"
            )


CHECK = Check("LSM639", "unused-boolean", "info", run)
