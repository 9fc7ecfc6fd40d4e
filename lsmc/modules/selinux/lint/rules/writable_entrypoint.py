"""A domain that can change the program it runs.

What it does: finds `allow` rules that give a type both `entrypoint` and a way to change the file
(`write`, `append`, `rename`, `unlink` or `relabelto`), the latter perhaps by another rule or in
some state of the booleans.  Rules of attributes are judged for each of their types, and told once.

Why is this bad: whoever takes the process over also has the next start of the program, and what is
started by others under this type.

Bad:

```cil
(type web_t)
(type web_exec_t)
(allow web_t web_exec_t (file (entrypoint)))  ; found
(allow web_t web_exec_t (file (write)))
```

Good:

```cil
(type web_t)
(type web_exec_t)
(allow web_t web_exec_t (file (entrypoint read)))
```

Types in the attributes of the setting are left out: they are not confined.

How sure: that it can be done as far as rules say is exact; some package managers need it.

How to fix: take the writing permission away; let a domain of its own install the program.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.text import listing
from lsmc.lint.model import Check
from lsmc.modules.selinux.lint.tree import Tree
from lsmc.modules.selinux.model import OTHER

_CHANGING = ("write", "append", "rename", "unlink", "relabelto")
#: Pairs of types of a rule that are looked at; of more, nothing is said.
_MOST = 1 << 14


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule with such pairs of types."""
    file = tree.class_numbers.get("file")
    entrypoint, changing = tree.mask("file", "entrypoint"), tree.mask("file", *_CHANGING)
    free = _unconfined(tree)
    rules = tree.policy.rules["allow"]
    columns = (rules.source, rules.target, rules.cls, rules.permissions, rules.place)
    told: set[tuple[int, int]] = set()
    for source, target, cls, permissions, place in zip(*columns, strict=True):
        if cls != file or not permissions & entrypoint or (source, target) in told:
            continue
        told.add((source, target))
        pairs = _changeable(tree, source, target, changing, free)
        if pairs:
            subject, object_, mask = pairs[0]
            words = listing(f"`{word}`" for word in tree.permissions(cls, mask))
            more = f", and {len(pairs) - 1} more pairs alike" if len(pairs) > 1 else ""
            yield CHECK.finding(
                tree.span(place),
                f"`{tree.name(subject)}` starts from `{tree.name(object_)}` and has {words} "
                f"of it{more}",
                help="let another domain write the program",
            )


def _unconfined(tree: Tree) -> frozenset[int]:
    names = frozenset(tree.setting(CHECK, "unconfined"))
    found: frozenset[int] = frozenset()
    for one in tree.policy.attributes:
        if one.name in names:
            found |= one.members
    return found


def _changeable(
    tree: Tree, source: int, target: int, changing: int, free: frozenset[int]
) -> list[tuple[int, int, int]]:
    """The pairs of types of a rule of which the first may change the second, with how."""
    sources = sorted(tree.labels.members(source) - free)
    targets = sorted(tree.labels.members(target)) if target < OTHER else []
    if len(sources) * len(targets) > _MOST:
        return []
    file = tree.class_numbers["file"]
    masks = (
        (one, other, tree.vectors.of(file, one, other) & changing)
        for one in sources
        for other in targets
    )
    return [found for found in masks if found[2]]


CHECK = Check(
    "LSM652",
    "writable-entrypoint",
    "warning",
    run,
    table={
        "unconfined": [
            "unconfined_domain_type",
            "files_unconfined_type",
        ]
    },
    confidence="medium",
)
