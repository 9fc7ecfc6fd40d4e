"""A type of processes that no role may have.

What it does: finds types that a `typetransition` of the class `process` leads to, and that no role
but `object_r` has.

Why is this bad: the context of the new process would not be valid, so that the execution is
refused.

Bad:

```cil
(type init_t)
(type web_t)  ; found
(type web_exec_t)
(typetransition init_t web_exec_t process web_t)
(allow init_t web_exec_t (file (execute)))
(allow init_t web_t (process (transition)))
(allow web_t web_exec_t (file (entrypoint)))
```

Good:

```cil
(type init_t)
(type web_t)
(type web_exec_t)
(roletype system_r web_t)
(typetransition init_t web_exec_t process web_t)
(allow init_t web_exec_t (file (execute)))
(allow init_t web_t (process (transition)))
(allow web_t web_exec_t (file (entrypoint)))
```

How sure: exact for the files that are given.

How to fix: give the type to the roles that may run the program, with `roletype`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.lint.model import Check
from lsmc.modules.selinux.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each type that processes come to, and no role has."""
    process = tree.class_numbers.get("process")
    rules = tree.policy.type_rules["typetransition"]
    reached: dict[int, int] = {}
    for cls, result, place in zip(rules.cls, rules.result, rules.place, strict=True):
        if cls == process:
            reached.setdefault(result, place)
    given = frozenset().union(
        *(role.types for role in tree.policy.roles if role.name != "object_r")
    )
    for number, place in reached.items():
        if number not in given:
            one = tree.policy.types[number]
            yield CHECK.finding(
                tree.span(one.place),
                f"processes come to `{one.name}`, and no role has it",
                help="give it to a role with `roletype`",
                related=[Label(tree.span(place), "this leads to it")],
            )


CHECK = Check("LSM638", "type-without-role", "warning", run, effect=True)
