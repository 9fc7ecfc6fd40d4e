"""Checks that no child of bounds has what its parent has not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lsmc.modules.selinux.assertions.pairs import Members, bits
from lsmc.modules.selinux.assertions.report import Violation
from lsmc.modules.selinux.model import Bound, Policy

#: Permissions by target, class and condition.
_Grants = dict[tuple[int, int], dict[int, int]]


def violations(policy: Policy) -> Iterator[Violation]:
    """The types, roles and users that have more than their parents."""
    yield from _sets("role", policy.role_bounds, [one.types for one in policy.roles], policy)
    yield from _sets("user", policy.user_bounds, [one.roles for one in policy.users], policy)
    if policy.type_bounds:
        yield from _types(policy)


def _sets(
    kind: str, bounds: Mapping[int, Bound], sets: list[frozenset[int]], policy: Policy
) -> Iterator[Violation]:
    things = policy.roles if kind == "role" else policy.users
    for child, bound in bounds.items():
        if more := sets[child] - sets[bound.parent]:
            within = policy.types if kind == "role" else policy.roles
            name, parent = things[child].name, things[bound.parent].name
            message = f"{kind} `{name}` has `{within[min(more)].name}`, which `{parent}` has not"
            yield Violation(bound.place, "exceeds-bounds", message)


def _types(policy: Policy) -> Iterator[Violation]:
    bounds, members = policy.type_bounds, Members(policy)
    wanted = {*bounds, *(bound.parent for bound in bounds.values())}
    grants, places = _grants(policy, members, wanted)
    for child, bound in sorted(bounds.items()):
        parent = grants[bound.parent]
        for (target, cls), granted in grants[child].items():
            bounded = bounds[target].parent if target in bounds else target
            have = parent.get((bounded, cls), {})
            for condition, permissions in granted.items():
                more = permissions & ~have.get(0, 0) & ~have.get(condition, 0)
                if more:
                    yield _exceeds(policy, (child, bound, target, cls, more), places)
                    break
            else:
                continue
            break


def _grants(
    policy: Policy, members: Members, wanted: set[int]
) -> tuple[dict[int, _Grants], dict[tuple[int, int, int], int]]:
    """What some types are allowed, and the place of a rule by source, target and class."""
    grants: dict[int, _Grants] = {one: {} for one in wanted}
    places: dict[tuple[int, int, int], int] = {}
    mask = sum(1 << one for one in wanted)
    rules = policy.rules["allow"]
    for source, target, cls, permissions, condition, place in zip(*rules, strict=True):
        if not members.of(source) & mask:
            continue
        pairs = members.pairs(source, target)
        for one in bits(pairs.source & mask):
            for other in bits(pairs.targets(one)):
                granted = grants[one].setdefault((other, cls), {})
                granted[condition] = granted.get(condition, 0) | permissions
                places.setdefault((one, other, cls), place)
    denied = policy.rules["deny"]
    for source, target, cls, permissions, _, _ in zip(*denied, strict=True):
        pairs = members.pairs(source, target)
        for one in bits(pairs.source & mask):
            for other in bits(pairs.targets(one)):
                granted = grants[one].get((other, cls), {})
                for condition in granted:
                    granted[condition] &= ~permissions
    return grants, places


def _exceeds(
    policy: Policy,
    found: tuple[int, Bound, int, int, int],
    places: Mapping[tuple[int, int, int], int],
) -> Violation:
    child, bound, target, cls, more = found
    known = policy.classes[cls].permissions
    names = " ".join(known[number] for number in bits(more))
    name, parent = policy.types[child].name, policy.types[bound.parent].name
    other = target if target not in policy.type_bounds else policy.type_bounds[target].parent
    what = f"{policy.classes[cls].name} {names}"
    message = f"`{name}` is allowed {what} on `{policy.types[target].name}`"
    message += f", but its parent `{parent}` has it not on `{policy.types[other].name}`"
    place = places[child, target, cls]
    return Violation(place, "exceeds-bounds", message, "", ((bound.place, "bounded here"),))
