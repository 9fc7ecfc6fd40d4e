"""An attribute that rules name and no type is in.

What it does: finds attributes without members that access rules or type rules name.  Attributes
whose names compilers make (`base_typeattr_18`) are left out.

Why is this bad: the rules of the attribute mean nothing.  Often the module that would put types in
is missing, or a `typeattributeset` was forgotten.

Bad:

```cil
(typeattribute log_readers)  ; found
(type log_t)
(allow log_readers log_t (file (read)))
```

Good:

```cil
(typeattribute log_readers)
(type log_t)
(type web_t)
(typeattributeset log_readers (web_t))
(allow log_readers log_t (file (read)))
```

How sure: exact for the files that are given.

How to fix: put the types in, or remove the attribute with its rules.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.lint.model import Check
from lsmc.modules.selinux.lint.tree import Tree
from lsmc.modules.selinux.made_names import is_made


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each empty attribute with rules."""
    policy = tree.policy
    uses: dict[int, list[int]] = {
        number: []
        for number, one in enumerate(policy.attributes, len(policy.types))
        if not one.members and not is_made(one.name)
    }
    if not uses:
        return
    columns = [(one.source, one.target, one.place) for one in policy.rules.values()]
    columns += [(one.source, one.target, one.place) for one in policy.type_rules.values()]
    for sources, targets, places in columns:
        for source, target, place in zip(sources, targets, places, strict=True):
            for label in {source, target}:
                if label in uses:
                    uses[label].append(place)
    for number, named in uses.items():
        if named:
            attribute = policy.attributes[number - len(policy.types)]
            count = len(named)
            yield CHECK.finding(
                tree.span(attribute.place),
                f"no type is in `{attribute.name}`, which {count} rule{'s' * (count > 1)} "
                f"name{'s' * (count == 1)}",
                help="put types in, or remove it with its rules",
                related=[Label(tree.span(named[0]), "a rule that names it")],
            )


CHECK = Check("LSM634", "empty-attribute", "warning", run, effect=True)
