"""A type whose denials are logged only.

What it does: finds `typepermissive` statements.

Why is this bad: whatever the rules do not allow to processes of the type is let through, also where
the rest of the system is enforced.

Bad:

```cil
(type web_t)
(typepermissive web_t)  ; found
```

Good:

```cil
(type web_t)
```

How sure: exact; while rules are written the statement may be wanted.

How to fix: add the rules that the log asks for (`lsmc explain --log`), and remove the statement.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.selinux.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each permissive type."""
    for number, place in tree.policy.permissive.items():
        yield CHECK.finding(
            tree.span(place),
            f"what the rules refuse to `{tree.name(number)}` is let through",
            help="remove this when the rules are complete",
        )


CHECK = Check("LSM650", "permissive-type", "warning", run, confidence="medium")
