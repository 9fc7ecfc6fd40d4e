"""An allow rule whose every permission broader rules give.

What it does: finds `allow` rules outside of `booleanif` whose permissions other unconditional rules
give for all the same pairs of types: rules of an attribute that the source is in, on an attribute
that the target is in, or of both.  Several may do it together.  A rule that occurs more than once
in a file is told once.

Why is this bad: the rule says nothing, and who removes it to take the access away is mistaken.
Each also takes room in the kernel's tables.

Bad:

```cil
(typeattribute domain)
(type web_t)
(type lib_t)
(typeattributeset domain (web_t))
(allow domain lib_t (file (read open)))
(allow web_t lib_t (file (read)))  ; found
```

Good:

```cil
(typeattribute domain)
(type web_t)
(type lib_t)
(typeattributeset domain (web_t))
(allow domain lib_t (file (read open)))
(allow web_t lib_t (file (write)))
```

Of rules about exactly the same types the one that names more attributes is the broader one; where
both name as many, LSM631 tells.

How sure: exact. Without all the rules that are found every decision is the same.

How to fix: remove the rule, unless its module is to be used without the one of the broader rule.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.selinux.lint.covered import by_file, covering, labels_of
from lsmc.modules.selinux.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each unconditional rule that broader ones cover, once a file."""
    allows = tree.allows
    for (_, condition, _), rules in allows.alike.items():
        if condition:
            continue
        dead = [rule for rule in rules if not rule.permissions & ~allows.broader(rule)]
        for place, rule, count in by_file(tree, "allow", dead):
            broader = covering(tree, rule, broader_only=True)
            source, target = tree.written("allow", broader[0].number)
            yield CHECK.finding(
                tree.span(place),
                f"broader rules allow all of this, as to `{source}` on `{target}`{count}",
                help="remove it",
                related=labels_of(tree, rule, broader),
            )


CHECK = Check("LSM630", "dead-allow", "warning", run, effect=True)
