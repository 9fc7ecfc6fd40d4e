"""Which rules of one class meet, with a shortest common key, and what one loses to another there.

Most pairs of rules part in their first bytes; the others are compared key by key where both have
few, and by a product of the two where one has many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lsmc.analysis.diff import outcome
from lsmc.automata.algebra import intersection
from lsmc.automata.dfa import StateLimit
from lsmc.checker.meetings import LIMIT, Ids, Meetings, decision
from lsmc.checker.model import Tree
from lsmc.checker.patterns import Heads
from lsmc.checker.scopes import Scope, Scopes, Written
from lsmc.ir.classes import FILE
from lsmc.ir.model import Effect, MediationClass, Rule, Unit

_EXECUTE = FILE.mask("x")
#: Pairs of a rule and a unit that are remembered.
MAX_PAIRS = 200_000


def shared_bits(a: Rule, b: Rule) -> int:
    """The bits of which both speak, to the owner or to others."""
    return a.owner & b.owner | a.other & b.other


class Overlaps:
    """The meetings of the rules of a tree."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.scopes = tree.shared(Scopes)
        self._meetings: dict[tuple[int, int], bytes | None] = {}
        self._near: dict[tuple[int, int], tuple[int, ...]] = {}
        self._weaker: dict[tuple[int, int], tuple[int, ...]] = {}
        self._heads: dict[int, Heads[int]] = {}
        self._strong: dict[int, tuple[int, ...]] = {}

    def meet(self, a: int, b: int) -> bytes | None:
        """A shortest key of two IR rules of one class, without the class code."""
        one, other = self.scopes.prefix(a), self.scopes.prefix(b)
        if not one.startswith(other) and not other.startswith(one):
            return None
        pair = (a, b) if a < b else (b, a)
        if pair not in self._meetings:
            self._meetings[pair] = self._meet(*pair)
        return self._meetings[pair]

    def _meet(self, a: int, b: int) -> bytes | None:
        keys = self.scopes.finite_keys(a), self.scopes.finite_keys(b)
        if keys[0] is not None and keys[1] is not None:
            theirs = set(keys[1])
            return next((key for key in keys[0] if key in theirs), None)
        if not self.scopes.ends(a) & self.scopes.ends(b):
            return None
        try:
            found = intersection(self.scopes.lazy(a), self.scopes.lazy(b), LIMIT)
        except StateLimit:
            return None
        return None if found is None else found[1:]

    def strong_of(self, scope: Scope) -> Heads[int]:
        """The IR rules of a scope that may override others, by how their keys begin.

        These are denies, priorities and exact execution.
        """
        strong = (number for unit in scope.units for number in self._strong_in(unit))
        return Heads((number, self.scopes.heads(number)) for number in strong)

    def _strong_in(self, unit: Unit) -> tuple[int, ...]:
        known = self._strong.get(id(unit))
        if known is None:
            numbers = self.scopes.numbers[id(unit)]
            known = self._strong[id(unit)] = tuple(
                number
                for number, rule in zip(numbers, unit.rules, strict=True)
                if rule.effect is Effect.DENY
                or rule.priority > 0
                or (rule.exact and rule.cls is FILE and (rule.owner | rule.other) & _EXECUTE)
            )
        return known

    def meeting_in(self, number: int, unit: Unit) -> tuple[int, ...]:
        """The IR rules of a unit that share a key with one, ascending."""
        pair = (number, id(unit))
        known = self._near.get(pair)
        if known is None:
            if len(self._near) >= MAX_PAIRS:
                self._near.clear()
            near = self._near_in(number, unit)
            known = self._near[pair] = tuple(n for n in near if self.meet(number, n) is not None)
        return known

    def _near_in(self, number: int, unit: Unit) -> list[int]:
        """The IR rules of a unit that may share a key with one, ascending."""
        return self._heads_of(unit).meeting(self.scopes.heads(number))

    def _heads_of(self, unit: Unit) -> Heads[int]:
        known = self._heads.get(id(unit))
        if known is None:
            numbers = self.scopes.numbers[id(unit)]
            known = Heads((number, self.scopes.heads(number)) for number in numbers)
            self._heads[id(unit)] = known
        return known

    def granting_in(self, number: int, unit: Unit) -> tuple[int, ...]:
        """The IR rules of a unit that grant something that a deny speaks of, at a common key."""
        pair = (number, id(unit))
        known = self._weaker.get(pair)
        if known is None:
            rules = self.tree.rules
            known = self._weaker[pair] = tuple(
                other
                for other in self._near_in(number, unit)
                if rules[other].effect is not Effect.DENY
                and _may_touch(rules[number], rules[other])
                and self.meet(number, other) is not None
            )
        return known


def _may_touch(deny: Rule, rule: Rule) -> bool:
    """Whether a deny can take from a rule; executing may imply more than a rule says."""
    if shared_bits(deny, rule):
        return True
    return rule.cls is FILE and bool((rule.owner | rule.other) & _EXECUTE)


@dataclass(frozen=True, slots=True)
class Loss:
    """Where a rule loses permissions to a stronger one."""

    loser: int
    winner: int
    why: str  # "deny", "priority" or "exact"
    cls: MediationClass
    key: bytes
    owner: bool
    bits: int


def losses(written: Written, overlaps: Overlaps, strong: Heads[int]) -> Iterator[Loss]:
    """Each stronger rule that takes something from a rule, with a shortest place where it does.

    `strong` are those of the rule's scope.
    """
    scope = written.scope
    for member in written.members:
        rule = scope.tree.rules[member]
        if rule.priority < 0:
            near = [n for unit in scope.units for n in overlaps.meeting_in(member, unit)]
        else:
            near = strong.meeting(overlaps.scopes.heads(member))
        for number in near:
            other = scope.tree.rules[number]
            if number == member or other.cls is not rule.cls:
                continue
            if not shared_bits(rule, other) or not _stronger(other, rule):
                continue
            key = overlaps.meet(member, number)
            if key is not None:
                yield from _lost_at(Meetings(scope, member), number, key)


def _stronger(other: Rule, rule: Rule) -> bool:
    if other.priority != rule.priority:
        return other.priority > rule.priority
    if other.effect is Effect.DENY:
        return rule.effect is not Effect.DENY
    return rule.effect is Effect.ALLOW and other.effect is Effect.ALLOW and not rule.exact


def _lost_at(meetings: Meetings, winner: int, key: bytes) -> Iterator[Loss]:
    """What a rule loses to another at a key, for the owner or else for others."""
    scope, loser = meetings.scope, meetings.member
    rule, other = scope.tree.rules[loser], scope.tree.rules[winner]
    ids = meetings.at(key)
    for owner in (True, False):
        wanted = rule.owner if owner else rule.other
        winners = decision(scope, ids, meetings.cls, owner).winners
        kept = _won(winners, loser)
        bits = _won(winners, winner) & wanted & ~kept
        if bits:
            why = "priority" if other.priority > rule.priority else "exact"
            if why == "exact" and other.effect is Effect.DENY:
                why = "deny"
            if why == "priority" and not _tells(scope, ids, winner, meetings.cls, owner):
                continue  # both say the same there
            yield Loss(loser, winner, why, meetings.cls, key, owner, bits)
            return


def _tells(scope: Scope, ids: Ids, winner: int, cls: MediationClass, owner: bool) -> bool:
    """Whether a rule makes a difference to the decision of some rules."""
    rest = tuple(number for number in ids if number != winner)
    record = scope.profile.record
    one, other = decision(scope, ids, cls, owner), decision(scope, rest, cls, owner)
    return outcome(one, record) != outcome(other, record)


def _won(winners: tuple[tuple[int, int], ...], number: int) -> int:
    bits = 0
    for mask, winner in winners:
        if winner == number:
            bits |= mask
    return bits


def takes_away(written: Written, overlaps: Overlaps) -> bool:
    """Whether a deny changes more than the log: whether something would be granted without it.

    Raises `StateLimit`.
    """
    scope = written.scope
    doubtful: list[tuple[Meetings, set[int]]] = []
    for member in written.members:
        meetings = Meetings(scope, member)
        goal = grants_without(scope, written.numbers, meetings.cls)
        met: set[int] = set()
        for unit in scope.units:
            for other in overlaps.granting_in(member, unit):
                key = overlaps.meet(member, other)
                assert key is not None
                if goal(meetings.at(key)):
                    return True
                met.add(other)
        if met:
            doubtful.append((meetings, met | written.numbers))
    return any(
        meetings.find(grants_without(scope, written.numbers, meetings.cls), among) is not None
        for meetings, among in doubtful
    )


def grants_without(
    scope: Scope, gone: frozenset[int], cls: MediationClass
) -> Callable[[Ids], bool]:
    """The goal of a search for a place where more, or otherwise, is granted without some rules."""

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
