"""An allow rule that other rules of the same file for the same types make needless.

What it does: finds unconditional `allow` rules whose permissions other rules of the same file about
exactly the same types have, as it is when an interface was used twice.  Of several that cover each
other the first stays.

Why is this bad: it says nothing, and a reader looks for the difference.

Bad:

```cil
(type web_t)
(type log_t)
(allow web_t log_t (file (read open)))
(allow web_t log_t (file (append)))
(allow web_t log_t (file (open append)))  ; found
```

Good:

```cil
(type web_t)
(type log_t)
(allow web_t log_t (file (read open)))
(allow web_t log_t (file (append)))
```

How sure: exact.  Rules in other files do not count, since modules come and go.

How to fix: remove the rule.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.lint.model import Check
from lsmc.modules.selinux.lint.grants import Grants, Rule
from lsmc.modules.selinux.lint.removing import removal
from lsmc.modules.selinux.lint.tree import Tree

#: Rules that stay which are shown.
_FEW = 2


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule that those of its pair and file cover."""
    places = tree.policy.rules["allow"].place
    find = tree.policy.places.find
    for (_, condition, _), rules in tree.allows.alike.items():
        if condition or len(rules) == 1:
            continue
        files: dict[int, list[Rule]] = {}
        for rule in rules:
            files.setdefault(find(places[rule.number])[0], []).append(rule)
        for some in files.values():
            kept, spare = _parted(tree.allows, some) if len(some) > 1 else (some, [])
            for rule in spare:
                wanted = rule.permissions & ~tree.allows.broader(rule)
                others = [one for one in kept if one.permissions & wanted][:_FEW]
                yield CHECK.finding(
                    tree.span(places[rule.number]),
                    "other rules of this file for the same types allow all of this",
                    help="remove it",
                    related=[Label(tree.span(places[one.number]), "this one") for one in others],
                    fix=removal(tree, places[rule.number]),
                )


def _parted(allows: Grants, rules: list[Rule]) -> tuple[list[Rule], list[Rule]]:
    """The rules that stay, and those that they cover; the first ones rather stay."""
    kept = [one for one in rules if one.permissions & ~allows.broader(one)]  # LSM630's others
    spare: list[Rule] = []
    for rule in kept[:0:-1]:
        others = [one for one in kept if one is not rule]
        found = allows.broader(rule)
        for one in others:
            found |= one.permissions
        if not rule.permissions & ~found:
            kept = others
            spare.append(rule)
    return kept, spare[::-1]


CHECK = Check("LSM631", "duplicate-allow", "warning", run, effect=True)
