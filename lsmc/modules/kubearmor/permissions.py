"""All that a workload may do to one object, operation by operation."""

from __future__ import annotations

from collections.abc import Mapping

from lsmc.engine.permissions import Permissions
from lsmc.engine.verdict import RuleRef, UnknownName
from lsmc.modules.kubearmor.evaluate import Confinements, answer
from lsmc.modules.kubearmor.operations import CLASSES, OPERATIONS


def permissions(
    confinements: Confinements, subject: str, cls: str, obj: str, fields: Mapping[str, object]
) -> Permissions:
    """What is granted of a class; raises `UnknownName`, `RequestError`, TypeError.

    A denial by an entry is explicit; what is audited is let through and told by an alert.
    """
    if cls not in CLASSES:
        raise UnknownName("class", cls, CLASSES)
    allow, deny, audit = set[str](), set[str](), set[str]()
    rules: dict[str, tuple[RuleRef, ...]] = {}
    for operation in OPERATIONS:
        if operation.cls != cls:
            continue
        verdict = answer(
            confinements, {"subject": subject, "op": operation.name, "object": obj, **fields}
        )
        (name,) = operation.perms
        if verdict.allowed:
            allow.add(name)
        elif verdict.decision == "deny-explicit":
            deny.add(name)
        if verdict.audited:
            audit.add(name)
        rules[name] = verdict.rules
    empty = frozenset[str]()
    return Permissions(
        frozenset(allow), frozenset(deny), frozenset(audit), empty, empty, None, rules
    )
