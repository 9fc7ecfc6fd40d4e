"""Checks that no rule allows what a `neverallow` or `neverallowx` forbids.

Rules under conditions count, whatever the booleans are.  What a `deny` takes away is not allowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsmc.modules.selinux.assertions.membership import memberships
from lsmc.modules.selinux.assertions.pairs import Members, Pairs, bits
from lsmc.modules.selinux.assertions.report import Violation
from lsmc.modules.selinux.model import ExtendedRule, Policy

#: Rules that are named of one assertion.
_NAMED = 5
_HELP = "remove the rule, or narrow the assertion"


class Allowed:
    """The allow rules of a policy by class, and what deny rules take away."""

    def __init__(self, policy: Policy, members: Members, classes: frozenset[int]) -> None:
        """Only the rules of some classes are kept."""
        self.members = members
        self.by_class: dict[int, list[tuple[int, int, int, int]]] = {one: [] for one in classes}
        rules = policy.rules["allow"]
        columns = zip(
            rules.cls, rules.permissions, rules.source, rules.target, rules.place, strict=True
        )
        for cls, permissions, source, target, place in columns:
            if cls in classes:
                self.by_class[cls].append((permissions, source, target, place))
        denied = policy.rules["deny"]
        self._denied = [
            (cls, permissions, members.pairs(source, target))
            for cls, permissions, source, target in zip(
                denied.cls, denied.permissions, denied.source, denied.target, strict=True
            )
        ]

    def hits(self, pairs: Pairs, cls: int, wanted: int) -> Iterator[tuple[int, int, Pairs]]:
        """The rules that allow some of the wanted permissions to some pairs.

        Each with its place, these permissions and pairs.
        """
        of = self.members.of
        source_mask, target_mask, plain = pairs.source, pairs.target, not pairs.same
        types = self.members.types
        for permissions, source, target, place in self.by_class.get(cls, ()):
            found = permissions & wanted
            if not found or not of(source) & source_mask:
                continue
            if plain and target < types and not target_mask >> target & 1:
                continue
            both = pairs.meet(self.members.pairs(source, target))
            if both is None:
                continue
            if self._denied:
                yield from ((place, *one) for one in self._left(both, cls, found))
            else:
                yield place, found, both

    def _left(self, pairs: Pairs, cls: int, permissions: int) -> Iterator[tuple[int, Pairs]]:
        """What deny rules leave of permissions of pairs."""
        denied = [one for one in self._denied if one[0] == cls and one[1] & permissions]
        for source in bits(pairs.source):
            for number in bits(permissions):
                targets = pairs.targets(source)
                for _, taken, which in denied:
                    if taken >> number & 1:
                        targets &= ~which.targets(source)
                if targets:
                    yield 1 << number, Pairs(1 << source, targets)


def violations(policy: Policy) -> Iterator[Violation]:
    """What the policy allows although an assertion says never."""
    never = policy.rules["neverallow"]
    extended = [one for one in policy.extended if one.kind == "neverallowx"]
    if not never.source and not extended:
        return
    members = Members(policy)
    allowed = Allowed(policy, members, frozenset((*never.cls, *(one.cls for one in extended))))
    columns = zip(
        never.source, never.target, never.cls, never.permissions, never.place, strict=True
    )
    for source, target, cls, permissions, place in columns:
        hits = allowed.hits(members.pairs(source, target), cls, permissions)
        some = [hit for hit, _ in zip(hits, range(_NAMED), strict=False)]
        if some:
            named = [_named(policy, cls, *hit) for hit in some]
            message = f"a rule allows {named[0][1]}"
            why = _memberships(policy, (source, target), some[0])
            yield Violation(place, "neverallow", message, _HELP, (*named, *why))
    for rule in extended:
        found = list(_extended(policy, members, allowed, rule))
        if found:
            message = f"a rule allows {found[0][1]}"
            yield Violation(rule.place, "neverallow", message, _HELP, tuple(found[:_NAMED]))


def _memberships(
    policy: Policy, never: tuple[int, int], hit: tuple[int, int, Pairs]
) -> list[tuple[int, str]]:
    """How the first pair of types comes to be meant by an assertion and by a rule."""
    place, _, pairs = hit
    rules = policy.rules["allow"]
    row = rules.place.index(place)
    found: dict[tuple[int, str], None] = {}
    for source, target in (never, (rules.source[row], rules.target[row])):
        for number, label in zip(_first(pairs), (source, target), strict=True):
            found.update(dict.fromkeys(memberships(policy, number, label)))
    return list(found)


def _first(pairs: Pairs) -> tuple[int, int]:
    """The first of some pairs of types."""
    source = next(one for one in bits(pairs.source) if pairs.targets(one))
    return source, next(bits(pairs.targets(source)))


def _named(policy: Policy, cls: int, place: int, permissions: int, pairs: Pairs) -> tuple[int, str]:
    source, target = _first(pairs)
    known = policy.classes[cls].permissions
    names = " ".join(known[number] for number in bits(permissions))
    subject, thing = policy.types[source].name, policy.types[target].name
    return place, f"`{subject}` to `{thing}`: {policy.classes[cls].name} {names}"


def _extended(
    policy: Policy, members: Members, allowed: Allowed, never: ExtendedRule
) -> Iterator[tuple[int, str]]:
    """The rules that allow a number that is never allowed.

    Without an allowx rule of a pair, the plain permission allows all numbers.
    """
    permission = policy.classes[never.cls].permissions.index(never.what)
    rules = [
        (members.pairs(one.source, one.target), _overlap(one.numbers, never.numbers), one.place)
        for one in policy.extended
        if one.kind == "allowx" and one.cls == never.cls and one.what == never.what
    ]
    wanted = members.pairs(never.source, never.target)
    for place, found, pairs in allowed.hits(wanted, never.cls, 1 << permission):
        for source in bits(pairs.source):
            targets = left = pairs.targets(source)
            for which, overlap, where in rules:
                both = which.targets(source) & targets
                left &= ~both
                if both and overlap:
                    hit = Pairs(1 << source, both)
                    yield where, _named(policy, never.cls, where, found, hit)[1]
            if left:
                yield _named(policy, never.cls, place, found, Pairs(1 << source, left))


def _overlap(one: Sequence[tuple[int, int]], other: Sequence[tuple[int, int]]) -> bool:
    return any(low <= last and first <= high for low, high in one for first, last in other)
