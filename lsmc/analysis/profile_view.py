"""What profiles grant on single objects, fast enough to ask for every profile and many objects.

A profile's rules lie in units that it shares with others.  Which rules of a unit match an object is
worked out once for all profiles; a profile then only puts together what its units say.  That is the
same answer as the product of the automata gives, without building it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lsmc.base.source import Span
from lsmc.ir.decision import ALLOW, Decision, Facts
from lsmc.ir.model import MediationClass, Rule
from lsmc.kernels.walk import matching
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.lint.tree import LintedProfile, Tree
from lsmc.modules.apparmor.precedence import decide
from lsmc.tables.bundle import Unit

#: In these modes rules take nothing away; checks of what rules grant pass over them.
FREE_MODES = ("unconfined", "default_allow")


class Held(NamedTuple):
    """A rule of a unit: its facts in the tables and its IR."""

    facts: Facts
    rule: Rule


class UnitView:
    """A unit of the tables with the IR of its rules."""

    def __init__(self, unit: Unit, rules: tuple[Rule, ...]) -> None:
        self.unit = unit
        self.rules = tuple(
            Held(record.facts, rules[record.facts.id])
            for record in (unit.rule(index) for index in range(unit.rules))
        )
        every = range(unit.rules)
        self._tables = [unit.group(index).matches(every) for index in range(unit.groups)]
        self._known: dict[bytes, tuple[Held, ...]] = {}
        self._by_class: dict[str, tuple[Held, ...]] = {}

    def of(self, cls: MediationClass) -> tuple[Held, ...]:
        """The rules of a class."""
        found = self._by_class.get(cls.name)
        if found is None:
            found = tuple(held for held in self.rules if held.rule.cls is cls)
            self._by_class[cls.name] = found
        return found

    def matching(self, key: bytes) -> tuple[Held, ...]:
        """The rules that match a key, class code included."""
        found = self._known.get(key)
        if found is None:
            indexes = matching(self._tables, key)
            found = self._known[key] = tuple([self.rules[index] for index in indexes])
        return found


class Use(NamedTuple):
    """A unit in a profile, and the includes that brought it in."""

    unit: UnitView
    via: tuple[Span, ...]


class ProfileView:
    """A profile as its units."""

    def __init__(self, profile: LintedProfile, uses: tuple[Use, ...]) -> None:
        self.profile = profile
        self.uses = uses
        self._via: dict[int, tuple[Span, ...]] = {}

    @property
    def name(self) -> str:
        """The profile's name for people."""
        return self.profile.name

    def rules(self, cls: MediationClass) -> Iterator[Held]:
        """The rules of a class."""
        for use in self.uses:
            yield from use.unit.of(cls)

    def decide(self, cls: MediationClass, key: bytes, owner: bool = True) -> Decision:
        """What the profile grants at a key, which is given without the class code."""
        whole = bytes((cls.code,)) + key
        facts = [held.facts for use in self.uses for held in use.unit.matching(whole)]
        return decide(facts, cls, owner)

    def grants(self, cls: MediationClass, key: bytes, perms: int, owner: bool = True) -> int:
        """Those of some permissions that are allowed at a key."""
        return self.decide(cls, key, owner).allow & perms

    def via(self, number: int) -> tuple[Span, ...]:
        """The includes that brought in the rule of a number, outermost first."""
        if not self._via:
            for use in self.uses:
                if use.via:
                    for held in use.unit.rules:
                        self._via.setdefault(held.facts.id, use.via)
        return self._via.get(number, ())


class Grants:
    """The views of all profiles of a tree."""

    def __init__(self, tree: Tree) -> None:
        units: dict[int, UnitView] = {}
        self.profiles: list[ProfileView] = []
        for profile in tree.profiles:
            uses = []
            pairs = tree.engine.bundle.uses(profile.record)
            for (unit, _), use in zip(pairs, profile.ir.uses, strict=True):
                view = units.get(id(unit))
                if view is None:
                    view = units[id(unit)] = UnitView(unit, tree.rules)
                uses.append(Use(view, use.via))
            self.profiles.append(ProfileView(profile, tuple(uses)))
        self.units = list(units.values())

    @property
    def confined(self) -> Iterator[ProfileView]:
        """The profiles whose rules count."""
        return (view for view in self.profiles if view.profile.record.mode not in FREE_MODES)


def grants(tree: Tree) -> Grants:
    """The views of a tree's profiles, made once."""
    return tree.shared(Grants)


def halves(facts: Facts, perms: int) -> Iterator[bool]:
    """For which of owner and other a rule speaks of some permissions, the owner first."""
    if facts.owner & perms:
        yield True
    if facts.other & perms:
        yield False


def wins(decision: Decision, facts: Facts, perms: int) -> int:
    """Those of some permissions that a rule decides."""
    return sum(mask & perms for mask, number in decision.winners if number == facts.id) & perms


def granting(unit: UnitView, perms: int) -> list[Held]:
    """The rules of a unit that grant some of the permissions."""
    return [
        held
        for held in unit.of(FILE)
        if held.facts.effect == ALLOW and (held.facts.owner | held.facts.other) & perms
    ]


WRITE = FILE.mask("w")
READ = FILE.mask("r")
EXECUTE = FILE.mask("x")
MAP = FILE.mask("m")
