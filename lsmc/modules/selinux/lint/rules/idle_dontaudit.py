"""A dontaudit rule for what is allowed.

What it does: finds unconditional `dontaudit` rules all of whose permissions are allowed to the same
pairs of types unconditionally, so that there is no denial to keep quiet.  Permissions that a
constraint, a type bound or a change of roles may still take away do not count as allowed.

Why is this bad: the rule says that the access is not wanted, while it is given.

Bad:

```cil
(type web_t)
(type log_t)
(allow web_t log_t (file (read open)))
(dontaudit web_t log_t (file (read)))  ; found
```

Good:

```cil
(type web_t)
(type log_t)
(allow web_t log_t (file (open)))
(dontaudit web_t log_t (file (read)))
```

How sure: exact.

How to fix: remove the rule, or the one that allows the access.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.selinux.lint.covered import by_file, covering, labels_of
from lsmc.modules.selinux.lint.grants import Grants
from lsmc.modules.selinux.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule about nothing that is ever refused, once a file."""
    uncertain: dict[int, int] = {}
    for constraint in tree.policy.constraints:
        uncertain[constraint.cls] = uncertain.get(constraint.cls, 0) | constraint.permissions
    process = tree.class_numbers.get("process")
    if process is not None:
        roles = tree.mask("process", "transition", "dyntransition")
        uncertain[process] = uncertain.get(process, 0) | roles
    bound = frozenset(tree.policy.type_bounds)
    for (cls, condition, pair), rules in Grants(
        tree.policy, tree.labels, "dontaudit"
    ).alike.items():
        if condition or (bound and tree.labels.members(pair[0]) & bound):
            continue
        allowed = tree.allows.covered(cls, 0, pair, itself=True) & ~uncertain.get(cls, 0)
        idle = [rule for rule in rules if rule.permissions and not rule.permissions & ~allowed]
        for place, rule, count in by_file(tree, "dontaudit", idle):
            yield CHECK.finding(
                tree.span(place),
                "this is allowed, so that there is no denial to keep quiet" + count,
                help="remove it, or the rule that allows the access",
                related=labels_of(tree, rule, covering(tree, rule)),
            )


CHECK = Check("LSM633", "idle-dontaudit", "warning", run, effect=True)
