"""Which changes of one permission there can be at all, read off the rules before any walk.

A walk along a rule that matches much may end once each of them was found, and most have one: where
a rule that allows is added, what was refused is allowed.  The answer may name changes that no
object shows, never too few.

Of the rules that match an object those of the highest rank decide together, so one rule that both
sides have and one of each side stand for any number; a rule that adds its log or its silence to
those above it comes with each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from itertools import product
from typing import NamedTuple, TypeAlias

from lsmc.analysis.observed import PermissionOutcome, outcome_at
from lsmc.analysis.semantics import Semantics
from lsmc.ir.decision import DENY, Facts
from lsmc.ir.mediation import MediationClass
from lsmc.tables.records import ProfileRecord

#: What comes of a permission before and after.
OutcomePair: TypeAlias = "tuple[PermissionOutcome, PermissionOutcome]"
_Group: TypeAlias = tuple[Facts, ...]

_REFUSED = PermissionOutcome("deny", logged=True)


class Rules(NamedTuple):
    """The rules of a class in two profiles: those that both have, and those of each alone."""

    shared: Sequence[Facts]
    alone: tuple[Sequence[Facts], Sequence[Facts]]


class Possible:
    """The changes of one permission for the owner of objects, or for others."""

    def __init__(
        self,
        semantics: Semantics,
        cls: MediationClass,
        records: Sequence[ProfileRecord],
        rules: Rules,
        name: str,
        owner: bool,
    ) -> None:
        self._semantics = semantics
        self._cls = cls
        self._records = records
        self._rules = rules
        self._bit = cls.mask((name,))
        self._owner = owner
        self._implied = cls.implied is not None and name == cls.implied[1]
        self._where_matched: dict[object, Collection[OutcomePair]] = {}

    def where_matched(
        self, here: Sequence[Iterable[Facts]], *, looked_up: bool
    ) -> Collection[OutcomePair]:
        """The changes where rules of one pattern match.

        Args:
            here: the rules of the pattern that only the one and only the other side has.
            looked_up: whether operations look up what else they do; otherwise the key alone counts.
        """
        mine, theirs = (tuple(self._parts(facts)) for facts in here)
        key = (mine, theirs, looked_up)
        if key not in self._where_matched:
            self._where_matched[key] = self._changes(mine, theirs, looked_up)
        return self._where_matched[key]

    def _changes(self, mine: _Group, theirs: _Group, looked_up: bool) -> Collection[OutcomePair]:
        besides = self._semantics.besides.get(self._cls) if looked_up else None
        found: set[OutcomePair] = set()
        if self._implied:  # whatever the execution brings along
            found.update(product(self._ends[0], self._ends[1]))
        for common in self._shared:
            before = {self._said(0, (*mine, *common, *first)) for first in self._alone[0]}
            after = {self._said(1, (*theirs, *common, *second)) for second in self._alone[1]}
            for (one, limit), (other, other_limit) in product(before, after):
                if besides is None:
                    found.add((one, other))
                elif besides.where_refused:
                    found.update(product(self._or_granted(0, one), self._or_granted(1, other)))
                elif one != other or limit != other_limit:
                    found.update(product(_or_refused(one), _or_refused(other)))
        return frozenset(pair for pair in found if pair[0] != pair[1])

    @cached_property
    def _shared(self) -> list[_Group]:
        return _groups(self._parts(self._rules.shared))

    @cached_property
    def _alone(self) -> list[list[_Group]]:
        return [_groups(self._parts(facts)) for facts in self._rules.alone]

    @cached_property
    def _ends(self) -> list[set[PermissionOutcome]]:
        """What can come of the permission at all, on each side."""
        return [
            {
                *(self._said(side, group)[0] for group in (*self._shared, *self._alone[side])),
                _REFUSED,
                PermissionOutcome("allow", record.audit),
            }
            for side, record in enumerate(self._records)
        ]

    def _or_granted(self, side: int, own: PermissionOutcome) -> set[PermissionOutcome]:
        return {own} if own.effect == "allow" else {own, *self._ends[side]}

    def _parts(self, rules: Iterable[Facts]) -> dict[Facts, None]:
        """What the rules have to say of the permission, each once."""
        limits = self._semantics.limits.get(self._cls, 0)
        special = bool(self._cls.specific_mask & self._bit)
        found: dict[Facts, None] = {}
        for facts in rules:
            mask = facts.owner if self._owner else facts.other
            if mask & self._bit:
                kept = mask & (self._bit | limits)
                executes = self._semantics.execution == (self._cls, self._bit)
                part = facts._replace(
                    id=0,
                    owner=kept,
                    other=kept,
                    exact=facts.exact and special,
                    transition=facts.transition if executes else None,
                )
                found[part] = None
        return found

    def _said(self, side: int, rules: _Group) -> tuple[PermissionOutcome, int]:
        """What some rules say together, and how they limit it."""
        decision = self._semantics.decide(rules, self._cls, self._owner)
        outcome = outcome_at(self._semantics, decision, self._records[side], self._cls, self._bit)
        return outcome, decision.allow & self._semantics.limits.get(self._cls, 0)


def _or_refused(own: PermissionOutcome) -> set[PermissionOutcome]:
    return {own, _REFUSED} if own.effect == "allow" else {own}


def _groups(rules: Iterable[Facts]) -> list[_Group]:
    """No rule, each, and each with one that adds its log or its silence to others."""
    known = tuple(rules)
    adding = [facts for facts in known if facts.adds_log and (facts.audit or facts.effect == DENY)]
    return [(), *((facts,) for facts in known), *product(known, adding)]
