"""Which rules of one class meet, with a shortest common key.

Most pairs of rules part in their first bytes; the others are compared key by key where one of them has
few, and by a product of the two where both have many.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lsmc.automata.algebra import Lazy, intersection
from lsmc.automata.dfa import StateLimit
from lsmc.automata.pattern import literal_prefix
from lsmc.checker.model import Tree
from lsmc.checker.judge import Judge
from lsmc.checker.removal import find
from lsmc.checker.scopes import Scope, Written
from lsmc.decide import NOTHING, decide
from lsmc.evaluator import Node
from lsmc.ir.classes import FILE
from lsmc.ir.model import Effect, MediationClass, Rule, Unit
from lsmc.tables.groups import key_pattern

_EXECUTE = FILE.mask("x")
_LIMIT = 20_000


def shared_bits(a: Rule, b: Rule) -> int:
    """The bits of which both speak, to the owner or to others."""
    return a.owner & b.owner | a.other & b.other


class Overlaps:
    """The meetings of the rules of a tree."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.scopes = tree.shared(Judge).scopes
        self._prefixes: dict[int, bytes] = {}
        self._meetings: dict[tuple[int, int], bytes | None] = {}
        self._weaker: dict[tuple[int, int], tuple[int, ...]] = {}
        self._strong: dict[int, tuple[int, ...]] = {}

    def _prefix(self, number: int) -> bytes:
        known = self._prefixes.get(number)
        if known is None:
            pattern = key_pattern(self.tree.rules[number])
            known = self._prefixes[number] = literal_prefix(pattern)
        return known

    def meet(self, a: int, b: int) -> bytes | None:
        """A shortest key of two IR rules of one class, without the class code."""
        one, other = self._prefix(a), self._prefix(b)
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
        try:
            both = [key_pattern(self.tree.rules[n]) for n in (a, b)]
            found = intersection(Lazy(both[0]), Lazy(both[1]), _LIMIT)
        except StateLimit:
            return None
        return None if found is None else found[1:]

    def strong_in(self, unit: Unit) -> tuple[int, ...]:
        """The IR rules of a unit that may override others: denies, priorities, exact execution."""
        known = self._strong.get(id(unit))
        if known is None:
            numbers = self.scopes.numbers[id(unit)]
            known = self._strong[id(unit)] = tuple(
                number
                for number, rule in zip(numbers, unit.rules, strict=True)
                if rule.effect is Effect.DENY
                or rule.priority > 0
                or rule.exact
                and rule.cls is FILE
                and (rule.owner | rule.other) & _EXECUTE
            )
        return known

    def granting_in(self, number: int, unit: Unit) -> tuple[int, ...]:
        """The IR rules of a unit that grant something that a deny speaks of, at a common key."""
        pair = (number, id(unit))
        known = self._weaker.get(pair)
        if known is None:
            deny = self.tree.rules[number]
            numbers = self.scopes.numbers[id(unit)]
            known = self._weaker[pair] = tuple(
                other
                for other, rule in zip(numbers, unit.rules, strict=True)
                if rule.cls is deny.cls
                and rule.effect is not Effect.DENY
                and _may_touch(deny, rule)
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


def losses(written: Written, overlaps: Overlaps) -> Iterator[Loss]:
    """Each stronger rule that takes something from a rule, with a shortest place where it does."""
    scope = written.scope
    seen: set[tuple[int, int, str]] = set()
    uses = scope.profile.ir.uses
    units = [uses[part].unit for part in scope.parts]
    strong = [n for unit in units for n in overlaps.strong_in(unit)]
    if any(rule.priority < 0 for rule in written.rules):
        strong = [n for unit in units for n in overlaps.scopes.numbers[id(unit)]]
    for member in written.members:
        rule = scope.tree.rules[member.number]
        for number in strong:
            other = scope.tree.rules[number]
            if number == member.number or other.cls is not rule.cls:
                continue
            if not shared_bits(rule, other) or not _stronger(other, rule):
                continue
            key = overlaps.meet(member.number, number)
            if key is None:
                continue
            for loss in _lost_at(scope, member.number, number, rule.cls, key):
                if (loss.loser, loss.winner, loss.why) not in seen:
                    seen.add((loss.loser, loss.winner, loss.why))
                    yield loss


def _stronger(other: Rule, rule: Rule) -> bool:
    if other.priority != rule.priority:
        return other.priority > rule.priority
    if other.effect is Effect.DENY:
        return rule.effect is not Effect.DENY
    return rule.effect is Effect.ALLOW and other.effect is Effect.ALLOW and not rule.exact


def _lost_at(
    scope: Scope, loser: int, winner: int, cls: MediationClass, key: bytes
) -> Iterator[Loss]:
    """What a rule loses to another at a key, for the owner or else for others."""
    node = scope.matcher.walk(bytes((cls.code,)) + key)
    rule, other = scope.tree.rules[loser], scope.tree.rules[winner]
    for owner in (True, False):
        wanted = rule.owner if owner else rule.other
        winners = scope.matcher.decide(node, cls, owner).winners
        kept = sum({mask for mask, number in winners if number == loser})
        bits = 0
        for mask, number in winners:
            if number == winner:
                bits |= mask & wanted & ~kept
        if bits:
            why = "priority" if other.priority > rule.priority else "exact"
            if why == "exact" and other.effect is Effect.DENY:
                why = "deny"
            yield Loss(loser, winner, why, cls, key, owner, bits)
            return


def takes_away(written: Written, overlaps: Overlaps) -> bool:
    """Whether a deny changes more than the log: whether something would be granted without it."""
    scope = written.scope
    uses = scope.profile.ir.uses
    doubtful = False
    for member in written.members:
        cls = scope.tree.rules[member.number].cls
        for part in scope.parts:
            for other in overlaps.granting_in(member.number, uses[part].unit):
                key = overlaps.meet(member.number, other)
                assert key is not None
                if grants_without(written, scope.matcher.walk(bytes((cls.code,)) + key), cls):
                    return True
                doubtful = True
    if not doubtful:
        return False
    return any(
        find(
            written,
            member,
            lambda node, cls=scope.tree.rules[member.number].cls: grants_without(  # type: ignore[misc]
                written, node, cls
            ),
        )
        is not None
        for member in written.members
    )


def grants_without(written: Written, node: Node, cls: MediationClass) -> bool:
    """Whether more, or otherwise, would be granted at a node without a rule."""
    matcher = written.scope.matcher
    rest = [m.rule.facts for m in matcher.matched(node) if m.rule.facts.id not in written.numbers]
    for owner in (True, False):
        with_it = matcher.decide(node, cls, owner)
        without = decide(rest, cls, owner) if rest else NOTHING
        if (with_it.allow, with_it.prompt, with_it.transition, with_it.audit) != (
            without.allow,
            without.prompt,
            without.transition,
            without.audit,
        ):
            return True
    return False

