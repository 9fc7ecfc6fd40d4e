"""Which statements put a type into an attribute, for people who wonder why a rule concerns it."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.modules.selinux.model import Policy, SetExpression

#: Attributes in attributes that are followed.
_MOST = 50


def memberships(policy: Policy, number: int, label: int) -> Iterator[tuple[int, str]]:
    """The places of the statements by which a type is in a label, with what each does.

    None where the label is the type itself.
    """
    types = len(policy.types)
    for _ in range(_MOST):
        if not types <= label < types + len(policy.attributes):
            return
        attribute = policy.attributes[label - types]
        for statement in attribute.sets:
            if number in _members(policy, statement.expression):
                break
        else:
            return
        inner = [one for one in _names(statement.expression) if number in _of(policy, one)]
        label = number if number in inner or not inner else inner[0]
        name = policy.types[label].name if label < types else policy.attributes[label - types].name
        yield statement.place, f"this puts `{name}` into `{attribute.name}`"


def _of(policy: Policy, label: int) -> frozenset[int]:
    types = len(policy.types)
    return frozenset((label,)) if label < types else policy.attributes[label - types].members


def _names(expression: SetExpression) -> Iterator[int]:
    """The types and attributes that an expression names, but for those below `not`."""
    if isinstance(expression, int):
        yield expression
    elif expression[0] != "not":
        for part in expression[1:]:
            if not isinstance(part, str):
                yield from _names(part)


def _members(policy: Policy, expression: SetExpression) -> frozenset[int]:
    """The types that an expression means."""
    if isinstance(expression, int):
        return _of(policy, expression)
    operator, *rest = expression
    parts = [_members(policy, part) for part in rest if not isinstance(part, str)]
    every = frozenset(range(len(policy.types)))
    if operator == "all":
        return every
    if operator == "not":
        return every - parts[0]
    found = parts[0] if parts else frozenset()
    for part in parts[1:]:
        if operator == "and":
            found &= part
        elif operator == "xor":
            found ^= part
        else:
            found |= part
    return found
