"""Finds rules of one class that overlap, a shortest common key, and what the weaker rule loses.

Most pairs of rules differ in their first bytes; the others are compared key by key where both have
few keys, and by a product of the two where one has many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lsmc.analysis.linked_policy import LinkedPolicy
from lsmc.analysis.objects import LIMIT, real_member
from lsmc.analysis.redundancy.keys import KeyLanguage
from lsmc.analysis.redundancy.overlap_search import Ids, KeySearch, decision
from lsmc.analysis.redundancy.scopes import Scope, Scopes, SourceRule
from lsmc.automata.alphabet import cost
from lsmc.automata.common import shortest_common
from lsmc.automata.dfa import StateLimit
from lsmc.automata.facts import PrefixIndex
from lsmc.ir.model import Effect, MediationClass, Rule, Unit

#: Pairs of a rule and a unit that are remembered.
MAX_PAIRS = 200_000


def shared_bits(a: Rule, b: Rule) -> int:
    """Permission bits that both rules mention, for the owner or for others."""
    return a.owner & b.owner | a.other & b.other


class Overlaps:
    """The overlaps between the rules of a policy."""

    def __init__(self, policy: LinkedPolicy) -> None:
        self.policy = policy
        self.scopes = policy.shared(Scopes)
        self._semantics = policy.semantics
        self._languages = self.scopes.languages
        self._meetings: dict[tuple[int, int], bytes | None] = {}
        self._near: dict[tuple[int, int], tuple[int, ...]] = {}
        self._weaker: dict[tuple[int, int], tuple[int, ...]] = {}
        self._heads: dict[int, PrefixIndex[int]] = {}
        self._strong: dict[int, tuple[int, ...]] = {}

    def meet(self, a: int, b: int) -> bytes | None:
        """A shortest common key of two IR rules of one class, without the class code."""
        one, other = self._languages.of(a), self._languages.of(b)
        if not one.prefix.startswith(other.prefix) and not other.prefix.startswith(one.prefix):
            return None
        if one.number > other.number:
            one, other = other, one
        pair = (one.number, other.number)
        if pair not in self._meetings:
            self._meetings[pair] = self._meet(one, other)
        return self._meetings[pair]

    def _meet(self, one: KeyLanguage, other: KeyLanguage) -> bytes | None:
        if one.keys is not None or other.keys is not None:
            few, many = (one, other) if one.keys is not None else (other, one)
            both = [key for key in few.keys or () if self._languages.matches(many, key)]
            if many.keys is not None:
                return next(iter(both), None)
            return min(both, key=cost, default=None)
        if not one.ends & other.ends:
            return None
        try:
            lazy = self._languages.lazy
            found = shortest_common([lazy(one), lazy(other)], LIMIT)
        except StateLimit:
            return None
        return None if found is None else found[1:]

    def meet_real(self, a: int, b: int) -> bytes | None:
        """Like `meet`, among the keys that a kernel can ask about."""
        cls = self.policy.rules[a].cls
        first = self.meet(a, b)
        if first is None or self._semantics.is_requestable(cls, first):
            return first
        one, other = self._languages.of(a), self._languages.of(b)
        if one.keys is not None and other.keys is not None:
            theirs = set(other.keys)
            both = (key for key in one.keys if key in theirs)
            return next((key for key in both if self._semantics.is_requestable(cls, key)), None)
        return real_member(
            self._semantics, cls, (self._languages.lazy(one), self._languages.lazy(other))
        )

    def strong_of(self, scope: Scope) -> PrefixIndex[int]:
        """The IR rules of a scope that may override others, by the prefix of their keys.

        These are denies, rules with a priority, and exact execution rules.
        """
        strong = (number for unit in scope.units for number in self._strong_in(unit))
        return PrefixIndex((number, self._languages.of(number).heads) for number in strong)

    def _strong_in(self, unit: Unit) -> tuple[int, ...]:
        known = self._strong.get(id(unit))
        if known is None:
            numbers = self.scopes.numbers[id(unit)]
            known = self._strong[id(unit)] = tuple(
                number
                for number, rule in zip(numbers, unit.rules, strict=True)
                if rule.effect is Effect.DENY
                or rule.priority > 0
                or (rule.exact and self._semantics.executes(rule))
            )
        return known

    def meeting_in(self, number: int, unit: Unit) -> tuple[int, ...]:
        """The IR rules of a unit that share a key with a given rule, ascending."""
        pair = (number, id(unit))
        known = self._near.get(pair)
        if known is None:
            if len(self._near) >= MAX_PAIRS:
                self._near.clear()
            near = self.near_in(number, unit)
            known = self._near[pair] = tuple(n for n in near if self.meet(number, n) is not None)
        return known

    def near_in(self, number: int, unit: Unit) -> tuple[int, ...]:
        """The IR rules of a unit that may share a key with a given rule, ascending."""
        return self._heads_of(unit).meeting(self._languages.of(number).heads)

    def _heads_of(self, unit: Unit) -> PrefixIndex[int]:
        known = self._heads.get(id(unit))
        if known is None:
            numbers = self.scopes.numbers[id(unit)]
            known = PrefixIndex((number, self._languages.of(number).heads) for number in numbers)
            self._heads[id(unit)] = known
        return known

    def granting_in(self, number: int, unit: Unit) -> tuple[int, ...]:
        """The IR rules of a unit that grant a permission which a deny mentions, at a common key."""
        pair = (number, id(unit))
        known = self._weaker.get(pair)
        if known is None:
            rules = self.policy.rules
            known = self._weaker[pair] = tuple(
                other
                for other in self.near_in(number, unit)
                if rules[other].effect is not Effect.DENY
                and self._may_touch(rules[number], rules[other])
                and self.meet(number, other) is not None
            )
        return known

    def _may_touch(self, deny: Rule, rule: Rule) -> bool:
        """Whether a deny may remove permissions of a rule, also those that execution implies."""
        return bool(shared_bits(deny, rule)) or self._semantics.executes(rule)


@dataclass(frozen=True, slots=True)
class Loss:
    """An overlap where a rule loses permissions to a stronger one."""

    loser: int
    winner: int
    why: str  # "deny", "priority" or "exact"
    cls: MediationClass
    key: bytes
    owner: bool
    bits: int


def losses(written: SourceRule, overlaps: Overlaps, strong: PrefixIndex[int]) -> Iterator[Loss]:
    """The stronger rules that override a rule somewhere, each with a short key where it does.

    Keys that no kernel asks about do not count.  `strong` are those of the rule's scope.
    """
    scope = written.scope
    for member in written.members:
        rule = scope.policy.rules[member]
        near: Sequence[int]
        if rule.priority < 0:
            near = [n for unit in scope.units for n in overlaps.near_in(member, unit)]
        else:
            near = strong.meeting(overlaps.scopes.languages.of(member).heads)
        for number in near:
            other = scope.policy.rules[number]
            if number == member or other.cls is not rule.cls:
                continue
            if not shared_bits(rule, other) or not _stronger(other, rule):
                continue
            loss = _loss(KeySearch(scope, member), number, overlaps)
            if loss is not None:
                yield loss


def _stronger(other: Rule, rule: Rule) -> bool:
    if other.priority != rule.priority:
        return other.priority > rule.priority
    if other.effect is Effect.DENY:
        return rule.effect is not Effect.DENY
    return rule.effect is Effect.ALLOW and other.effect is Effect.ALLOW and not rule.exact


def _loss(search: KeySearch, winner: int, overlaps: Overlaps) -> Loss | None:
    """What a rule loses to another, for the owner or else for others."""
    scope, loser, cls = search.scope, search.member, search.cls
    key = overlaps.meet_real(loser, winner)
    if key is None:
        return None
    rule, other = scope.policy.rules[loser], scope.policy.rules[winner]
    why = "priority" if other.priority > rule.priority else "exact"
    if why == "exact" and other.effect is Effect.DENY:
        why = "deny"

    def lost(ids: Ids, *, owner: bool) -> int:
        decided = decision(scope, ids, cls, owner)
        wanted = rule.owner if owner else rule.other
        bits = decided.won_by((winner,)) & wanted & ~decided.won_by((loser,))
        return bits & _contested(scope, loser, winner, owner=owner) if why == "priority" else bits

    def goal(ids: Ids) -> bool:
        return bool(lost(ids, owner=True) or lost(ids, owner=False))

    if not goal(search.at(key)):
        try:
            key = search.find(goal, (winner,), real=True)
        except StateLimit:
            return None
        if key is None:
            return None
    ids = search.at(key)
    owner = bool(lost(ids, owner=True))
    return Loss(
        loser=loser,
        winner=winner,
        why=why,
        cls=cls,
        key=key,
        owner=owner,
        bits=lost(ids, owner=owner),
    )


def _contested(scope: Scope, a: int, b: int, *, owner: bool) -> int:
    """The permissions that two rules of one class, each alone, decide differently."""
    cls = scope.policy.rules[a].cls
    one, other = decision(scope, (a,), cls, owner), decision(scope, (b,), cls, owner)
    bits = one.allow ^ other.allow | one.audit ^ other.audit | one.quiet ^ other.quiet
    bits |= one.prompt ^ other.prompt
    destination, record = scope.policy.semantics.destination, scope.profile.record
    if destination(one.transition, record) != destination(other.transition, record):
        bits |= cls.specific_mask
    return bits


def takes_away(written: SourceRule, overlaps: Overlaps) -> bool:
    """Whether a deny changes more than the log: something would be granted without it.

    Raises `StateLimit`.
    """
    scope = written.scope
    doubtful: list[tuple[KeySearch, set[int]]] = []
    for member in written.members:
        search = KeySearch(scope, member)
        goal = grants_without(scope, written.numbers, search.cls)
        met: set[int] = set()
        for unit in scope.units:
            for other in overlaps.granting_in(member, unit):
                key = overlaps.meet(member, other)
                assert key is not None
                if goal(search.at(key)):
                    return True
                met.add(other)
        if met:
            doubtful.append((search, met | written.numbers))
    return any(
        search.find(grants_without(scope, written.numbers, search.cls), among) is not None
        for search, among in doubtful
    )


def grants_without(
    scope: Scope, gone: frozenset[int], cls: MediationClass
) -> Callable[[Ids], bool]:
    """The goal of a search for a key where some rules prevent or alter a grant."""

    def goal(ids: Ids) -> bool:
        rest = tuple(number for number in ids if number not in gone)
        for owner in (True, False):
            one, other = decision(scope, ids, cls, owner), decision(scope, rest, cls, owner)
            if (one.allow, one.prompt, one.transition, one.audit) != (
                other.allow,
                other.prompt,
                other.transition,
                other.audit,
            ):
                return True
        return False

    return goal
