"""What would change if a rule were not there: the exact ground of the findings about dead rules.

A written rule matters at the keys of its own language only.  There the decision of all rules is compared
with the decision of the others, for the owner of the object and for anybody else, as `lsmc.diff` compares
them: what is granted, audited, quiet or asked, and where an execution leads.  The first key that tells
the two apart proves that the rule matters; most rules are settled by their shortest key.  No such key is
a proof that it may go, and what the others decided on the way says which of them grant the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lsmc.analysis import Question
from lsmc.checker.scopes import Member, Scope, Written
from lsmc.decide import DENY, NOTHING, Decision, Facts, decide, rank
from lsmc.diff import outcome
from lsmc.evaluator import Node
from lsmc.ir.model import MediationClass


class Seen(NamedTuple):
    """One way in which the rules of a scope meet at a key of the rule in question."""

    key: bytes | None  # without the class code; None when a search came by
    owner: bool
    cls: MediationClass
    with_it: Decision
    without: Decision
    won: int  # the bits that the rule has a part in deciding


class Need(NamedTuple):
    """Rules of which one at least must stay when the rule goes, and whether rank does not matter."""

    rules: frozenset[int]
    same_rank: bool


@dataclass(slots=True)
class Removal:
    """That a rule may go.

    `won` holds the meetings where it has a part in the decision; none means that it is dead.
    `needs` are the others behind the same decisions; `unmet` that somewhere nobody needs to be.
    `beaten` are the sets of stronger rules that decide in its stead.
    """

    written: Written
    seen: dict[tuple[int, ...], bytes] = field(default_factory=dict)
    won: list[Seen] = field(default_factory=list)
    beaten: dict[frozenset[int], Seen] = field(default_factory=dict)
    needs: dict[Need, Seen] = field(default_factory=dict)
    unmet: bool = False
    example: tuple[MediationClass, bytes] | None = None

    @property
    def stable(self) -> bool:
        """Whether further rules cannot make the rule matter again."""
        return not self.unmet and all(need.same_rank for need in self.needs)


def removal(written: Written, members: Sequence[Member] | None = None) -> Removal | None:
    """The proof that a scope decides alike without a rule, or None when it matters.

    `members` are the IR rules that go, by default those of the rule and what it takes along.
    Raises `automata.dfa.StateLimit` when a search grows too large.
    """
    scope = written.scope
    if members is None:
        members = (*written.members, *scope.taken_along(written))
    trial = _Trial(scope, written, frozenset(member.number for member in members))
    endless: list[Member] = []
    for member in members:  # what is quick first
        rule = scope.tree.rules[member.number]
        keys = scope.scopes.finite_keys(member.number)
        if keys is None:
            endless.append(member)
            keys = tuple(Question(scope.matcher, member.place).samples())
        prefix = bytes((rule.cls.code,))
        for key in keys:
            if trial.differs(scope.matcher.walk(prefix + key), rule.cls, key):
                return None
    for member in endless:
        rule = scope.tree.rules[member.number]
        goal = _goal(trial, rule.cls)
        if Question(scope.matcher, member.place).find(goal) is not None:
            return None
    return trial.found


def _goal(trial: _Trial, cls: MediationClass) -> Callable[[Node], bool]:
    return lambda node: trial.differs(node, cls, None)


class _Trial:
    """Compares the decisions with and without some rules, and keeps what it saw."""

    def __init__(self, scope: Scope, written: Written, gone: frozenset[int]) -> None:
        self.scope = scope
        self.gone = gone
        self.found = Removal(written)
        self._known: dict[tuple[int, ...], bool] = {}

    def differs(self, node: Node, cls: MediationClass, key: bytes | None) -> bool:
        """Whether the decisions part at a node."""
        matched = self.scope.matcher.matched(node)
        ids = tuple(match.rule.facts.id for match in matched)
        known = self._known.get(ids)
        if known is None:
            known = self._known[ids] = self._compare(
                node, [match.rule.facts for match in matched], cls, key
            )
        if key is not None and self.found.example is None and matched:
            self.found.example = (cls, key)
        return known

    def _compare(self, node: Node, facts: list[Facts], cls: MediationClass, key: bytes | None) -> bool:
        rest = [fact for fact in facts if fact.id not in self.gone]
        record = self.scope.profile.record
        pairs = []
        for owner in (True, False):
            with_it = self.scope.matcher.decide(node, cls, owner)
            without = decide(rest, cls, owner) if rest else NOTHING
            if outcome(with_it, record) != outcome(without, record):
                return True
            pairs.append((owner, with_it, without))
        by_id = {fact.id: fact for fact in facts}
        for owner, with_it, without in pairs:
            won = 0
            for mask, number in with_it.winners:
                if number in self.gone:
                    won |= mask
                    self._note(mask, by_id[number], with_it, without, cls, by_id)
            if won:
                self.found.won.append(Seen(key, owner, cls, with_it, without, won))
            for fact in facts:
                lost = (fact.owner if owner else fact.other) if fact.id in self.gone else 0
                for bit in _bits(lost & ~won):
                    winners = frozenset(n for m, n in with_it.winners if m & bit)
                    seen = Seen(key, owner, cls, with_it, without, bit)
                    self.found.beaten.setdefault(winners, seen)
        return False

    def _note(
        self,
        mask: int,
        mine: Facts,
        with_it: Decision,
        without: Decision,
        cls: MediationClass,
        by_id: dict[int, Facts],
    ) -> None:
        """Who else decides the same about the bits of a winning rule."""
        for bit in _bits(mask):
            special = bool(bit & cls.specific_mask)
            deny = bool(with_it.deny & bit)
            audited = bool(mine.audit and with_it.audit & bit)
            others = [by_id[n] for m, n in without.winners if m & bit]
            if deny:
                others = [o for o in others if o.effect == DENY and (mine.audit or not o.audit)]
                if not others:
                    self.found.unmet = True
                    continue
            elif audited:
                others = [o for o in others if o.audit]
            own = rank(mine, special)
            need = Need(
                frozenset(o.id for o in others), any(rank(o, special) == own for o in others)
            )
            self.found.needs.setdefault(
                need, Seen(None, True, cls, with_it, without, bit)
            )


def _bits(mask: int) -> Iterable[int]:
    while mask:
        bit = mask & -mask
        yield bit
        mask ^= bit


def won_at(written: Written, want: Callable[[Decision], int]) -> tuple[MediationClass, bytes, bool, int] | None:
    """A key of a rule, and the owner side, at which a decision has some wanted bits.

    `want` says of a decision which bits are of interest.
    """
    scope = written.scope
    for member in written.members:
        rule = scope.tree.rules[member.number]

        def goal(node: Node, cls: MediationClass = rule.cls) -> bool:
            return any(want(scope.matcher.decide(node, cls, owner)) for owner in (True, False))

        key = find(written, member, goal)
        if key is not None:
            node = scope.matcher.walk(bytes((rule.cls.code,)) + key)
            for owner in (True, False):
                bits = want(scope.matcher.decide(node, rule.cls, owner))
                if bits:
                    return rule.cls, key, owner, bits
    return None


def find(written: Written, member: Member, goal: Callable[[Node], bool]) -> bytes | None:
    """A key of one IR rule whose node meets a goal."""
    scope = written.scope
    rule = scope.tree.rules[member.number]
    keys = scope.scopes.finite_keys(member.number)
    if keys is None:
        return Question(scope.matcher, member.place).find(goal)
    prefix = bytes((rule.cls.code,))
    return next((key for key in keys if goal(scope.matcher.walk(prefix + key))), None)
