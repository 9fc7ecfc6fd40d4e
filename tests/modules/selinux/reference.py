"""What a resolved policy grants, rule by rule: slow, and with nothing in common with the tables."""

from __future__ import annotations

from collections.abc import Mapping

from lsmc.modules.selinux.model import NOTSELF, OTHER, SELF, Policy


def _is_true(policy: Policy, number: int, values: Mapping[str, bool]) -> bool:
    stack: list[bool] = []
    for word in policy.conditions[number].postfix:
        if isinstance(word, int):
            stack.append(values[policy.booleans[word].name])
        elif word == "not":
            stack.append(not stack.pop())
        else:
            one, other = stack.pop(), stack.pop()
            stack.append(
                {
                    "and": one and other,
                    "or": one or other,
                    "xor": one != other,
                    "neq": one != other,
                    "eq": one == other,
                }[word]
            )
    return stack[0]


def _meant(policy: Policy, label: int) -> frozenset[int]:
    types = len(policy.types)
    return frozenset((label,)) if label < types else policy.attributes[label - types].members


def granted(
    policy: Policy, kind: str, source: int, target: int, cls: int, values: Mapping[str, bool]
) -> int:
    """The mask of the rules of a kind that hold."""
    found = 0
    columns = policy.rules[kind]  # type: ignore[index]
    for one, other, own, mask, condition, _ in zip(*columns, strict=True):
        if own != cls or source not in _meant(policy, one):
            continue
        if condition:
            number, negated = (condition - 1) // 2, (condition - 1) % 2
            if _is_true(policy, number, values) == bool(negated):
                continue
        if other == SELF:
            applies = source == target
        elif other == NOTSELF:
            applies = source != target
        elif other == OTHER:
            applies = source != target and target in _meant(policy, one)
        else:
            applies = target in _meant(policy, other)
        if applies:
            found |= mask
    return found


def allowed(policy: Policy, source: int, target: int, cls: int, values: Mapping[str, bool]) -> int:
    """What is allowed by types: allow without deny, and no more than bounds let through."""
    words = (source, target, cls, values)
    found = granted(policy, "allow", *words) & ~granted(policy, "deny", *words)
    bound = policy.type_bounds.get(source)
    if bound is not None:
        outer = policy.type_bounds.get(target)
        found &= allowed(
            policy, bound.parent, target if outer is None else outer.parent, cls, values
        )
    return found
