"""What profiles grant on single objects, fast enough for every profile and many objects.

A profile's rules lie in units that it shares with others.  Which rules of a unit match an object is
computed once for all profiles; a profile then only combines the answers of its units.  The result
equals that of the product of the automata, without building it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lsmc.analysis.linked_policy import LinkedPolicy, LinkedProfile
from lsmc.base.source import Span
from lsmc.engine.matcher import Decide
from lsmc.ir.decision import Decision, Facts
from lsmc.ir.model import MediationClass, Rule
from lsmc.kernels.walk import matching
from lsmc.tables.bundle import Unit


class UnitRule(NamedTuple):
    """A rule of a unit: its facts in the tables and its IR."""

    facts: Facts
    rule: Rule


class UnitView:
    """A unit of the tables with the IR of its rules."""

    def __init__(self, unit: Unit, rules: tuple[Rule, ...]) -> None:
        self.unit = unit
        self.rules = tuple(
            UnitRule(record.facts, rules[record.facts.id])
            for record in (unit.rule(index) for index in range(unit.rules))
        )
        every = range(unit.rules)
        self._tables = [unit.group(index).matches(every) for index in range(unit.groups)]
        self._known: dict[bytes, tuple[UnitRule, ...]] = {}
        self._by_class: dict[str, tuple[UnitRule, ...]] = {}

    def of(self, cls: MediationClass) -> tuple[UnitRule, ...]:
        """The rules of a class."""
        found = self._by_class.get(cls.name)
        if found is None:
            found = tuple(held for held in self.rules if held.rule.cls is cls)
            self._by_class[cls.name] = found
        return found

    def matching(self, key: bytes) -> tuple[UnitRule, ...]:
        """The rules that match a key, class code included."""
        found = self._known.get(key)
        if found is None:
            indexes = matching(self._tables, key)
            found = self._known[key] = tuple([self.rules[index] for index in indexes])
        return found


class UnitUse(NamedTuple):
    """A unit in a profile, and the includes that brought it in."""

    unit: UnitView
    via: tuple[Span, ...]


class ProfileView:
    """A profile as its units."""

    def __init__(self, profile: LinkedProfile, uses: tuple[UnitUse, ...], decide: Decide) -> None:
        self.profile = profile
        self._decide = decide
        self.uses = uses
        self._via: dict[int, tuple[Span, ...]] = {}

    @property
    def name(self) -> str:
        """The profile's name for people."""
        return self.profile.name

    def rules(self, cls: MediationClass) -> Iterator[UnitRule]:
        """The rules of a class."""
        for use in self.uses:
            yield from use.unit.of(cls)

    def decide(self, cls: MediationClass, key: bytes, owner: bool = True) -> Decision:
        """What the profile grants at a key, which is given without the class code."""
        whole = bytes((cls.code,)) + key
        facts = [held.facts for use in self.uses for held in use.unit.matching(whole)]
        return self._decide(facts, cls, owner)

    def grants(self, cls: MediationClass, key: bytes, perms: int, owner: bool = True) -> int:
        """Those of some permissions that are allowed at a key."""
        return self.decide(cls, key, owner).allow & perms

    def granted_by(self, held: UnitRule, key: bytes, perms: int, owner: bool = True) -> int:
        """Those of some permissions that are allowed at a key by a rule."""
        decision = self.decide(held.rule.cls, key, owner)
        return wins(decision, held.facts, perms) & decision.allow

    def via(self, number: int) -> tuple[Span, ...]:
        """The includes that brought in the rule of a number, outermost first."""
        if not self._via:
            for use in self.uses:
                if use.via:
                    for held in use.unit.rules:
                        self._via.setdefault(held.facts.id, use.via)
        return self._via.get(number, ())


class Grants:
    """The views of all profiles of a policy; ask `LinkedPolicy.shared` for them."""

    def __init__(self, policy: LinkedPolicy) -> None:
        self._free_modes = policy.semantics.free_modes
        units: dict[int, UnitView] = {}
        self.profiles: list[ProfileView] = []
        for profile in policy.profiles:
            uses = []
            pairs = policy.tables.bundle.uses(profile.record)
            for (unit, _), use in zip(pairs, profile.ir.uses, strict=True):
                view = units.get(id(unit))
                if view is None:
                    view = units[id(unit)] = UnitView(unit, policy.rules)
                uses.append(UnitUse(view, use.via))
            self.profiles.append(ProfileView(profile, tuple(uses), policy.semantics.decide))
        self.units = list(units.values())

    @property
    def confined(self) -> Iterator[ProfileView]:
        """The profiles whose mode does not ignore their rules."""
        return (view for view in self.profiles if view.profile.record.mode not in self._free_modes)


def halves(facts: Facts, perms: int) -> Iterator[bool]:
    """The owner sides for which a rule mentions some permissions: True, the owner, first."""
    if facts.owner & perms:
        yield True
    if facts.other & perms:
        yield False


def wins(decision: Decision, facts: Facts, perms: int) -> int:
    """Those of some permissions that a rule decides."""
    return decision.won_by((facts.id,)) & perms
