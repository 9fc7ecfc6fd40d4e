"""A transition of processes that no execution can make.

What it does: finds `typetransition` rules of the class `process` where, for every pair of types
that the rule is about and in every state of the booleans, one of the permissions is missing that
the transition needs: `process transition` from the old type to the new one, `file entrypoint` from
the new type to the file, `file execute` from the old type to the file.

Why is this bad: the execution is refused, or the program does not run where the rule says.

Bad:

```cil
(type init_t)
(type web_t)
(type web_exec_t)
(typetransition init_t web_exec_t process web_t)  ; found
(allow init_t web_exec_t (file (execute)))
(allow init_t web_t (process (transition)))
```

Good:

```cil
(type init_t)
(type web_t)
(type web_exec_t)
(typetransition init_t web_exec_t process web_t)
(allow init_t web_exec_t (file (execute)))
(allow init_t web_t (process (transition)))
(allow web_t web_exec_t (file (entrypoint)))
```

How sure: exact.  Roles and constraints may forbid the transition as well; that is not judged.

How to fix: add the permission that is named, or remove the rule.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.text import listing
from lsmc.lint.model import Check
from lsmc.modules.selinux.lint.tree import Tree

#: Pairs of types of a rule that are looked at; of more, nothing is said.
_MOST = 1 << 16


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule that no pair of types can follow."""
    process = tree.class_numbers.get("process")
    rules = tree.policy.type_rules["typetransition"]
    columns = (rules.source, rules.target, rules.cls, rules.result, rules.place)
    for source, target, cls, result, place in zip(*columns, strict=True):
        if cls == process:
            lacking = _lacking(tree, source, target, result)
            if lacking:
                yield CHECK.finding(
                    tree.span(place),
                    f"this never happens: {listing(lacking)} {_are(lacking)} not allowed",
                    help="allow it, or remove the rule",
                )


def _are(words: list[str]) -> str:
    return "is" if len(words) == 1 else "are"


def _lacking(tree: Tree, source: int, target: int, result: int) -> list[str]:
    """What no pair of types has; nothing where one has all, or where there are too many pairs."""
    sources, targets = tree.labels.members(source), tree.labels.members(target)
    if not 0 < len(sources) * len(targets) <= _MOST:
        return []
    process, file = tree.class_numbers["process"], tree.class_numbers.get("file", -1)
    transition = tree.mask("process", "transition")
    entrypoint, execute = tree.mask("file", "entrypoint"), tree.mask("file", "execute")
    found: list[str] = []
    entered = [one for one in targets if tree.vectors.of(file, result, one) & entrypoint]
    for subject in sources:
        found = []
        if not tree.vectors.of(process, subject, result) & transition:
            found.append(f"`{tree.name(subject)} {tree.name(result)} process transition`")
        executed = [one for one in targets if tree.vectors.of(file, subject, one) & execute]
        example = tree.name(min(targets))
        if not entered:
            found.append(f"`{tree.name(result)} {example} file entrypoint`")
        if not executed:
            found.append(f"`{tree.name(subject)} {example} file execute`")
        elif entered and not set(entered) & set(executed):
            found.append(f"`{tree.name(subject)} {tree.name(entered[0])} file execute`")
        if not found:
            return []
    return found


CHECK = Check("LSM637", "impossible-transition", "warning", run, effect=True)
