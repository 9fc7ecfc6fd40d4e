"""Computes what changes when a rule is removed: the exact basis of the findings on dead rules.

A written rule matters only at keys of its own language.  There the decision of all rules is
compared with the decision of the others, for the owner of the object and for anybody else, as
`lsmc.diff` compares them: what is granted, audited, quiet or prompted, and where an execution
leads.  The first key where the two differ proves that the rule matters; for most rules the first
key tried is one.  No such key proves that the rule can be removed, and the decisions of the others
on the way show which of them grant the same.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from lsmc.analysis.observed import outcome
from lsmc.analysis.redundancy.overlap_search import Ids, KeySearch, decision
from lsmc.analysis.redundancy.overlaps import Overlaps
from lsmc.analysis.redundancy.scopes import Scope, SourceRule
from lsmc.automata.dfa import StateLimit
from lsmc.ir.decision import DENY, Decision, Facts
from lsmc.ir.model import MediationClass


class Comparison(NamedTuple):
    """One combination of rules of a scope that match together at a key of the rule."""

    key: bytes | None  # without the class code; None when a search came by
    owner: bool
    cls: MediationClass
    with_it: Decision
    won: int  # the bits that the rule has a part in deciding


class Need(NamedTuple):
    """Rules of which at least one must stay when the rule is removed.

    `same_rank`: one of them has the rule's own rank, so that further rules cannot come between.
    """

    rules: frozenset[int]
    same_rank: bool


@dataclass(slots=True)
class Removal:
    """The proof that a rule can be removed.

    `won` holds the comparisons where it takes part in the decision; none means that it is dead.
    `needs` are the others behind the same decisions; `unmet` that somewhere there are none.
    `beaten` are the sets of stronger rules that decide in its place.
    """

    written: SourceRule
    won: list[Comparison] = field(default_factory=list)
    beaten: dict[frozenset[int], Comparison] = field(default_factory=dict)
    needs: set[Need] = field(default_factory=set)
    unmet: bool = False
    empty: bool = True

    @property
    def stable(self) -> bool:
        """Whether the rule stays removable whatever rules are added."""
        return not self.unmet and all(need.same_rank for need in self.needs)

    def copy(self) -> Removal:
        """A copy that can be extended."""
        return replace(self, won=[*self.won], beaten={**self.beaten}, needs={*self.needs})


def removal(written: SourceRule, members: Sequence[int] | None = None) -> Removal | None:
    """The proof that a scope decides the same without a rule, or None when the rule matters.

    `members` are the IR rules to remove, by default those of the rule and what it takes along.
    Raises `automata.dfa.StateLimit` when a search grows too large.
    """
    trial, every = _begin(written, members)
    if trial.fails(every):
        return None
    for member in every:
        search = KeySearch(written.scope, member)
        if search.finite:
            continue
        if not trial.contained(search) and not trial.covered(search):
            return None
    return trial.found


def matters(written: SourceRule) -> bool:
    """Whether one of the first keys of a rule proves that it must stay; quick but incomplete."""
    trial, every = _begin(written, None)
    return trial.fails(every)


def _begin(written: SourceRule, members: Sequence[int] | None) -> tuple[_Trial, Sequence[int]]:
    if members is None:
        members = (*written.members, *written.taken_along)
    return _Trial(written.scope, written, frozenset(members)), members


class _Trial:
    """Compares the decisions with and without some rules, and records the comparisons."""

    def __init__(self, scope: Scope, written: SourceRule, gone: frozenset[int]) -> None:
        self.scope = scope
        self.gone = gone
        self.found = Removal(written)
        self._known: dict[Ids, bool] = {}
        self._fresh: dict[Ids, bool] = {}

    def fails(self, members: Iterable[int]) -> bool:
        """Whether the decisions differ at one of the first keys of the rules."""
        firsts: list[tuple[KeySearch, bytes, Ids]] = []
        for member in members:  # what is quick first: one key settles most rules
            search = KeySearch(self.scope, member)
            key = search.first_key()
            if key is not None:
                ids = search.at(key)
                if self._shows(ids, search.cls):
                    return True
                firsts.append((search, key, ids))
        every = (KeySearch(self.scope, member) for member in members)
        return any(self.differs(ids, search.cls, key) for search, key, ids in firsts) or any(
            self.differs(search.at(key), search.cls, key)
            for search in every
            for key in search.first_keys()
        )

    def _shows(self, ids: Ids, cls: MediationClass) -> bool:
        """Whether the decisions differ at any key of some rules; `_compare` records besides."""
        rest = self._without(ids)
        if not rest and len(ids) == 1 and shows(self.scope.scopes.facts(ids[0])):
            return True
        few, left = self.scope.scopes.apart(ids), self.scope.scopes.apart(rest)
        return few != left and any(
            self._outcome(few, cls, owner) != self._outcome(left, cls, owner)
            for owner in (True, False)
        )

    def _without(self, ids: Ids) -> Ids:
        """The rules that stay; found by their order, as many may match at each key of a rule."""
        rest = list(ids)
        for number in self.gone:
            at = bisect_left(rest, number)
            if at < len(rest) and rest[at] == number:
                del rest[at]
        return tuple(rest)

    def _outcome(self, ids: Ids, cls: MediationClass, owner: bool) -> object:
        semantics, record = self.scope.policy.semantics, self.scope.profile.record
        return outcome(semantics, decision(self.scope, ids, cls, owner), record)

    def differs(self, ids: Ids, cls: MediationClass, key: bytes | None) -> bool:
        """Whether the decisions differ at any key of some rules."""
        known = self._known.get(ids)
        if known is None:
            known = self._known[ids] = self._compare(ids, cls, key)
        return known

    def contained(self, search: KeySearch) -> bool:
        """Whether single other rules of equal rank contain the rule, and so decide all it decides.

        Only called when the rule is known to decide something.
        """
        mine = self.scope.scopes.facts(search.member)
        if len(self.gone) > 1 or not self.found.won:
            return False
        languages = self.scope.scopes.languages
        language = languages.of(mine.id)
        everywhere = set.intersection(*(set(ids) for ids in self._known)) - self.gone
        covers = frozenset(
            number
            for number in everywhere
            if _does_as(self.scope.scopes.facts(number), mine, search.cls)
            and languages.within(language, languages.of(number))
        )
        if covers:
            self.found.needs = {Need(covers, True)}
        return bool(covers)

    def covered(self, search: KeySearch) -> bool:
        """Whether the decisions agree at every key of an infinite rule; raises `StateLimit`.

        A search considers only some rules.  What it proves holds among all of them when the rules
        that replace the rule have its rank, so that nothing can come between.  Otherwise it goes on
        with all.
        """
        known = self.gone.union(*self._known)
        while True:
            seen = self.found
            key = self._search(search, known, lambda ids: self._differs_new(ids, search.cls))
            if key is not None:
                self.found = seen
                ids = search.at(key)
                if self.differs(ids, search.cls, key):
                    return False
                known = known.union(ids)
                continue
            found = self.found
            if found.stable and (bool(seen.won) or not found.won):
                return True
            everyone = self._everyone(search) | self.gone
            if everyone <= known:
                return True
            if found.stable and self._wins(search, known):
                return True
            self.found = seen
            known = known | everyone

    def _search(
        self, search: KeySearch, known: frozenset[int], goal: Callable[[Ids], bool]
    ) -> bytes | None:
        """Search with some rules only; the comparisons it records hold for these."""
        self.found = self.found.copy()
        self._fresh = {}
        return search.search(goal, known)

    def _differs_new(self, ids: Ids, cls: MediationClass) -> bool:
        known = self._fresh.get(ids)
        if known is None:
            known = self._fresh[ids] = self._compare(ids, cls, None)
        return known

    def _wins(self, search: KeySearch, known: frozenset[int]) -> bool:
        """Whether the rule takes part in some decision of all rules; recorded if so."""

        def wins(ids: Ids) -> bool:
            return any(
                number in self.gone
                for owner in (True, False)
                for _, number in decision(self.scope, ids, search.cls, owner).winners
            )

        key = search.find(wins, known)
        return key is not None and not self.differs(search.at(key), search.cls, key)

    def _everyone(self, search: KeySearch) -> frozenset[int]:
        """All rules that share a key with the rule."""
        near = self.scope.policy.shared(Overlaps).meeting_in
        mine = search.member
        return frozenset(n for unit in self.scope.units for n in near(mine, unit))

    def _compare(self, ids: Ids, cls: MediationClass, key: bytes | None) -> bool:
        rest = self._without(ids)
        if not rest and len(ids) == 1 and shows(self.scope.scopes.facts(ids[0])):
            return True
        semantics, record = self.scope.policy.semantics, self.scope.profile.record
        pairs = []
        for owner in (True, False):
            with_it = decision(self.scope, ids, cls, owner)
            without = decision(self.scope, rest, cls, owner)
            if outcome(semantics, with_it, record) != outcome(semantics, without, record):
                return True
            pairs.append((owner, with_it, without))
        self.found.empty = False
        facts = self.scope.scopes.facts
        for owner, with_it, without in pairs:
            won = 0
            for mask, number in with_it.winners:
                if number in self.gone:
                    won |= mask
                    self._note(mask, facts(number), with_it, without, cls)
            if won:
                seen = Comparison(key=key, owner=owner, cls=cls, with_it=with_it, won=won)
                self.found.won.append(seen)
            for number in self.gone.intersection(ids):
                fact = facts(number)
                for bit in _bits((fact.owner if owner else fact.other) & ~won):
                    winners = frozenset(n for m, n in with_it.winners if m & bit)
                    seen = Comparison(key=key, owner=owner, cls=cls, with_it=with_it, won=bit)
                    self.found.beaten.setdefault(winners, seen)
        return False

    def _note(
        self, mask: int, mine: Facts, with_it: Decision, without: Decision, cls: MediationClass
    ) -> None:
        """Record who else decides the same about the bits of a winning rule."""
        for bit in _bits(mask):
            special = bool(bit & cls.specific_mask)
            audited = bool(mine.audit and with_it.audit & bit)
            others = [self.scope.scopes.facts(n) for m, n in without.winners if m & bit]
            if with_it.deny & bit:
                others = [o for o in others if o.effect == DENY and (mine.audit or not o.audit)]
                if not others:
                    self.found.unmet = True
                    continue
            elif audited:
                others = [o for o in others if o.audit]
            rank = self.scope.policy.semantics.rank
            own = rank(mine, special)
            same_rank = any(rank(o, special) == own for o in others)
            self.found.needs.add(Need(frozenset(o.id for o in others), same_rank))


def shows(rule: Facts) -> bool:
    """Whether the rule's decision is observable where it alone matches, as most rules' is."""
    return bool(rule.owner | rule.other) and not (rule.effect == DENY and rule.audit)


def _does_as(other: Facts, mine: Facts, cls: MediationClass) -> bool:
    """Whether one rule subsumes another of the same rank wherever both match."""
    if (other.effect, other.priority) != (mine.effect, mine.priority):
        return False
    if mine.owner & ~other.owner or mine.other & ~other.other:
        return False
    if (mine.owner | mine.other) & cls.specific_mask and (
        other.exact != mine.exact or other.transition != mine.transition
    ):
        return False
    if mine.transition is not None and other.transition != mine.transition:
        return False
    if mine.audit != other.audit:  # an audited grant keeps its audit, a quiet deny its quiet
        return mine.audit == (mine.effect == DENY)
    return True


def _bits(mask: int) -> Iterable[int]:
    while mask:
        bit = mask & -mask
        yield bit
        mask ^= bit


def won_at(
    written: SourceRule, want: Callable[[Decision], int]
) -> tuple[MediationClass, bytes, bool, int] | None:
    """A key of a rule, the owner side and the bits, where a decision has some wanted bits.

    `want` returns the wanted bits of a decision.  Keys that a kernel can ask about are preferred.
    Raises `StateLimit`.
    """
    found = None
    with suppress(StateLimit):
        found = _won_at(written, want, real=True)
    return found or _won_at(written, want, real=False)


def _won_at(
    written: SourceRule, want: Callable[[Decision], int], *, real: bool
) -> tuple[MediationClass, bytes, bool, int] | None:
    scope = written.scope
    for member in written.members:
        search = KeySearch(scope, member)
        cls = search.cls

        def goal(ids: Ids, cls: MediationClass = cls) -> bool:
            return any(want(decision(scope, ids, cls, owner)) for owner in (True, False))

        key = search.find(goal, real=real)
        if key is not None:
            for owner in (True, False):
                bits = want(decision(scope, search.at(key), cls, owner))
                if bits:
                    return cls, key, owner, bits
    return None
