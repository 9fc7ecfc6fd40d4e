"""Scopes: the texts within which a rule is judged.

A rule of a profile's own body is judged among all rules of the profile.  A rule of an included file
is judged among the rules of that file and of what it includes: they are there whoever includes it,
so a finding holds for every profile, and it is worked out once.  If a profile repeats or denies
what an abstraction grants, that is not a fault of the abstraction: the profile's rule is reported.

Profiles include the same file in different company (a file is read once a profile, so some of its
includes may have come in before).  Only the fullest companies of a file are judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from lsmc.analysis.linked_policy import LinkedPolicy, LinkedProfile
from lsmc.analysis.redundancy.keys import KeyLanguages
from lsmc.base.source import Span
from lsmc.ir.decision import Decision, Facts
from lsmc.ir.model import MediationClass, Rule, Unit
from lsmc.kernels.walk import Matches, matching
from lsmc.tables.bundle import Unit as StoredUnit


@dataclass(eq=False)
class SourceRule:
    """A rule as it is written, with all that it means in a scope."""

    scope: Scope
    span: Span
    members: tuple[int, ...]  # the numbers of its IR rules in the policy

    @cached_property
    def numbers(self) -> frozenset[int]:
        """The numbers of its IR rules, as a set."""
        return frozenset(self.members)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Its IR rules."""
        return tuple(self.scope.policy.rules[member] for member in self.members)

    @cached_property
    def taken_along(self) -> tuple[int, ...]:
        """The rules that the compiler added for it and that are removed with it."""
        return self.scope.brought_by(self.rules)


@dataclass(eq=False)
class Scope:
    """A text with everything it includes, as it stands in one profile.

    `via` is the chain of includes that leads to it, empty for the profile's own body.  `profiles`
    are those in which it is the same.
    """

    policy: LinkedPolicy
    profile: LinkedProfile
    via: tuple[Span, ...]
    parts: tuple[int, ...]
    scopes: Scopes
    profiles: list[LinkedProfile] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name of the profile for people."""
        return self.profile.name

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """The units of the scope, in order."""
        uses = self.profile.ir.uses
        return tuple(uses[part].unit for part in self.parts)

    def matched(self, key: bytes) -> tuple[int, ...]:
        """The numbers of the IR rules that match a key, class code included; ascending."""
        return tuple(matching(self._tables.get(key[0], ()), key))

    @cached_property
    def _tables(self) -> dict[int, list[Matches]]:
        """The tables of its units by the code of each class that they have rules of."""
        found: dict[int, list[Matches]] = {}
        for unit in self.units:
            for code, tables in self.scopes.tables(unit).items():
                found.setdefault(code, []).extend(tables)
        return found

    def forget(self) -> None:
        """Drop cached results."""
        for name in ("decisions", "vias", "written", "own", "by_class", "_part_of", "_tables"):
            self.__dict__.pop(name, None)

    @cached_property
    def vias(self) -> dict[Span, tuple[Span, ...]]:
        """The chain of includes of each written rule of the scope."""
        uses = self.profile.ir.uses
        return {
            rule.origin: uses[part].via for part in self.parts for rule in uses[part].unit.rules
        }

    @cached_property
    def written(self) -> dict[Span, SourceRule]:
        """Every written rule of the scope whose class is mediated, in order."""
        return self._written(self.parts)

    def _written(self, parts: Sequence[int]) -> dict[Span, SourceRule]:
        found: dict[Span, list[int]] = {}
        head = self.profile.ir.origin
        uses = self.profile.ir.uses
        mediated = self.profile.ir.mediated
        for part in parts:
            unit = uses[part].unit
            for number, rule in zip(self.scopes.numbers[id(unit)], unit.rules, strict=True):
                if rule.cls.name in mediated and rule.origin != head:
                    found.setdefault(rule.origin, []).append(number)
        return {span: SourceRule(self, span, tuple(members)) for span, members in found.items()}

    def at(self, span: Span) -> SourceRule | None:
        """A rule by its place, without looking at all others; None when it is not in force here."""
        if span == self.profile.ir.origin:
            return None
        rules, mediated = self.policy.rules, self.profile.ir.mediated
        held = self.scopes.held(span)
        members = tuple(
            number
            for unit in self.holding(span)
            for number in held[unit]
            if rules[number].cls.name in mediated
        )
        return SourceRule(self, span, members) if members else None

    def via_of(self, span: Span) -> tuple[Span, ...]:
        """The chain of includes of a rule of the scope."""
        return self.profile.ir.uses[self._part_of[self.holding(span)[0]]].via

    def holding(self, span: Span) -> list[int]:
        """The units of the scope, by id, that contain a rule, in the order of all units."""
        held = self.scopes.held(span)
        if len(held) <= len(self._part_of):
            return [unit for unit in held if unit in self._part_of]
        found = [unit for unit in self._part_of if unit in held]
        if len(found) > 1:
            found.sort(key=lambda unit: held[unit][0])  # units have their numbers in that order
        return found

    @cached_property
    def _part_of(self) -> dict[int, int]:
        """For each unit, by its id, the number of the first part with it."""
        uses = self.profile.ir.uses
        return {id(uses[part].unit): part for part in reversed(self.parts)}

    @cached_property
    def decisions(self) -> dict[tuple[tuple[int, ...], bool], Decision]:
        """Cached decisions of rules together, by their numbers and the owner side."""
        return {}

    @cached_property
    def by_class(self) -> dict[MediationClass, list[int]]:
        """The numbers of the IR rules of each class."""
        found: dict[MediationClass, list[int]] = {}
        for unit in self.units:
            for number, rule in zip(self.scopes.numbers[id(unit)], unit.rules, strict=True):
                found.setdefault(rule.cls, []).append(number)
        return found

    @cached_property
    def own(self) -> tuple[SourceRule, ...]:
        """The written rules of the scope's own text."""
        uses = self.profile.ir.uses
        parts = [part for part in self.parts if uses[part].via == self.via]
        return tuple(self._written(parts).values())

    def brought_by(self, rules: Sequence[Rule]) -> tuple[int, ...]:
        """The rules that the compiler added for some, and that are removed with them."""
        gone = {id(rule) for rule in self.policy.semantics.brought(self.profile.ir, rules)}
        if not gone:
            return ()
        return tuple(
            number
            for unit in self.units
            for number, rule in zip(self.scopes.numbers[id(unit)], unit.rules, strict=True)
            if id(rule) in gone
        )


class Scopes:
    """The scopes of a policy."""

    def __init__(self, policy: LinkedPolicy) -> None:
        self.policy = policy
        #: One scope for each profile that is enforced at all.
        self.bodies: list[Scope] = []
        self.body_of: dict[str, Scope] = {}
        #: The fullest scopes of the included text at the end of each chain, by its first rule.
        self.included: list[Scope] = []
        #: The numbers of the IR rules that one profile alone has.
        self.lone: set[int] = set()
        #: The numbers of the IR rules of each unit, by its id.
        self.numbers: dict[int, range] = {}
        #: The keys of the IR rules.
        self.languages = KeyLanguages(policy.rules, policy.semantics)
        self._tables: dict[int, dict[int, list[Matches]]] = {}
        self._stored: dict[int, StoredUnit] = {}
        self._facts: dict[int, Facts] = {}
        self._meanings = _Meanings(self)
        self._find()

    def held(self, span: Span) -> Mapping[int, tuple[int, ...]]:
        """The units, by id, with rules written at a place, and the numbers of these."""
        return self._held[span]

    @cached_property
    def _held(self) -> dict[Span, dict[int, tuple[int, ...]]]:
        found: dict[Span, dict[int, list[int]]] = {}
        for unit, numbers in self.numbers.items():
            for number in numbers:
                at = found.setdefault(self.policy.rules[number].origin, {})
                at.setdefault(unit, []).append(number)
        return {
            span: {unit: tuple(numbers) for unit, numbers in at.items()}
            for span, at in found.items()
        }

    def tables(self, unit: Unit) -> dict[int, list[Matches]]:
        """The tables of a unit by the code of each class that they have rules of."""
        known = self._tables.get(id(unit))
        if known is None:
            known = self._tables[id(unit)] = {}
            numbers, stored = self.numbers[id(unit)], self._stored[id(unit)]
            for index in range(stored.groups):
                group = stored.group(index)
                table = group.matches(numbers)
                for code in {unit.rules[rule].cls.code for rule in group.rules}:
                    known.setdefault(code, []).append(table)
        return known

    def facts(self, number: int) -> Facts:
        """The facts about an IR rule that the precedence needs."""
        known = self._facts.get(number)
        if known is None:
            known = self._facts[number] = self.policy.tables.bundle.rule(number).facts
        return known

    def apart(self, numbers: Sequence[int]) -> tuple[int, ...]:
        """The first of the IR rules with each meaning for the precedence: they decide as all do."""
        if len(numbers) < 2:
            return tuple(numbers)
        backwards = numbers[::-1]
        first = dict(zip(map(self._meanings.__getitem__, backwards), backwards, strict=True))
        return tuple(sorted(first.values()))

    def _find(self) -> None:
        free = self.policy.semantics.free_modes
        live = [profile for profile in self.policy.profiles if profile.ir.mode not in free]
        for profile in self.policy.profiles:  # the tables hold equal units once
            in_tables = self.policy.tables.bundle.uses(profile.record)
            for use, (unit_stored, _) in zip(profile.ir.uses, in_tables, strict=True):
                self._stored[id(use.unit)] = unit_stored
                self.numbers[id(use.unit)] = unit_stored.numbers
        stored = {unit: id(one) for unit, one in self._stored.items()}
        used = Counter(chain.from_iterable({stored[id(u.unit)] for u in p.ir.uses} for p in live))
        for profile in live:
            for use in profile.ir.uses:
                if used[stored[id(use.unit)]] == 1:
                    self.lone.update(self.numbers[id(use.unit)])
        variants: dict[object, dict[frozenset[object], Scope]] = {}
        for profile in live:
            uses = profile.ir.uses
            whole = tuple(range(len(uses)))
            self.bodies.append(
                Scope(
                    policy=self.policy,
                    profile=profile,
                    via=(),
                    parts=whole,
                    scopes=self,
                    profiles=[profile],
                )
            )
            marks: list[object] = [
                mark if used[mark := stored[id(use.unit)]] > 1 else use.unit.rules[0].origin
                for use in uses
            ]
            inside: dict[tuple[Span, ...], list[int]] = {}
            for part, use in enumerate(uses):
                for depth in range(1, len(use.via) + 1):
                    inside.setdefault(use.via[:depth], []).append(part)
            for via, parts in inside.items():
                firsts = tuple(marks[part] for part in parts if uses[part].via == via)
                if not firsts or uses[parts[0]].unit.rules[0].origin == profile.ir.origin:
                    continue
                known = variants.setdefault(firsts, {})
                key = frozenset(marks[part] for part in parts)
                scope = known.get(key)
                if scope is None:
                    scope = known[key] = Scope(
                        policy=self.policy,
                        profile=profile,
                        via=via,
                        parts=tuple(parts),
                        scopes=self,
                    )
                scope.profiles.append(profile)
        for known in variants.values():
            for key, scope in known.items():
                if not any(key < other for other in known):
                    self.included.append(scope)
        self.body_of = {scope.profile.name: scope for scope in self.bodies}


class _Meanings(dict[int, int]):
    """What the precedence knows of each IR rule but its number, as a number for equal ones."""

    def __init__(self, scopes: Scopes) -> None:
        super().__init__()
        self._scopes = scopes
        self._found: dict[Facts, int] = {}

    def __missing__(self, number: int) -> int:
        facts = self._scopes.facts(number)._replace(id=0)
        self[number] = found = self._found.setdefault(facts, len(self._found))
        return found
