"""Profiles of two policies whose rules say the same, found without reading their automata.

Most profiles of a big policy are untouched by a change of it, and share their units with others:
each unit is read once, and two profiles are compared by the units that they use.
"""

from __future__ import annotations

from collections.abc import Hashable

from lsmc.tables.bundle import Bundle
from lsmc.tables.records import ProfileRecord, RuleRecord


class Alike:
    """Compares profiles of the same name in two bundles."""

    def __init__(self, old: Bundle, new: Bundle) -> None:
        self._bundles = (old, new)
        self._units: dict[tuple[int, int], int] = {}  # by side and number
        self._numbers: dict[Hashable, int] = {}

    def rules(self, one: ProfileRecord, other: ProfileRecord) -> bool:
        """Whether both profiles have units with the same rules; if not, the rules may still be."""
        return self._said(0, one) == self._said(1, other)

    def _said(self, side: int, profile: ProfileRecord) -> set[int]:
        bundle = self._bundles[side]
        uses = bundle.use_words(bundle.profile_words(profile.number))
        return {self._number_of(side, unit) for unit, _, _ in uses}

    def _number_of(self, side: int, number: int) -> int:
        """A number for the rules of a unit: the same one for the same rules."""
        known = self._units.get((side, number))
        if known is None:
            unit = self._bundles[side].unit(number)
            said = frozenset(said_by(unit.rule(index)) for index in range(unit.rules))
            known = self._numbers.setdefault(said, len(self._numbers))
            self._units[side, number] = known
        return known


def said_by(rule: RuleRecord) -> tuple[Hashable, ...]:
    """All that a rule says: two that say the same decide alike."""
    return (rule.cls, rule.pattern, *rule.facts[1:])
