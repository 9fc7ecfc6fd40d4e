"""Scopes: the texts within which a rule is judged.

A rule of a profile's own body is judged among all rules of the profile.  A rule of an included file
is judged among the rules of that file and of what it includes: they are there whoever includes it,
so a finding holds for every profile, and it is worked out once.  That a profile says again, or
takes away, what an abstraction grants is no fault of the abstraction: there the profile's rule is
the one to report.

Profiles include the same file in different company (a file is read once a profile, so some of its
includes may have come in before).  Only the fullest companies of a file are judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from lsmc.analysis import RulePlace
from lsmc.automata.algebra import Lazy
from lsmc.automata.pattern import Literal, literal_prefix, literals
from lsmc.checker.members import samples
from lsmc.checker.model import LintedProfile, Tree
from lsmc.decide import Decision, Facts
from lsmc.evaluator import Matcher
from lsmc.ir.classes import BY_CODE, CHANGE_PROFILE
from lsmc.ir.model import MediationClass, Rule
from lsmc.profiles import mediates
from lsmc.source import Span
from lsmc.tables.groups import key_pattern

#: Languages of up to so many keys are looked at key by key.
MAX_KEYS = 64
#: Automata of single rules that are kept.
MAX_AUTOMATA = 2_000


@dataclass(frozen=True, slots=True)
class Member:
    """An IR rule of a written rule: its place in the matcher, and its number in the tree."""

    place: RulePlace
    number: int


@dataclass(eq=False)
class Written:
    """A rule as it is written, with all that it means in a scope."""

    scope: Scope
    span: Span
    members: tuple[Member, ...]

    @cached_property
    def numbers(self) -> frozenset[int]:
        """The numbers of its IR rules in the tree."""
        return frozenset(member.number for member in self.members)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Its IR rules."""
        return tuple(self.scope.tree.rules[member.number] for member in self.members)


@dataclass(eq=False)
class Scope:
    """A text with all that it includes, as it stands in one profile.

    `via` is the chain of includes that leads to it, empty for the profile's own body.  `profiles`
    are those in which it stands the same way.
    """

    tree: Tree
    profile: LintedProfile
    via: tuple[Span, ...]
    parts: tuple[int, ...]
    scopes: Scopes
    profiles: list[LintedProfile] = field(default_factory=list)

    @cached_property
    def matcher(self) -> Matcher:
        """Matches keys against the rules of the scope."""
        if not self.via:
            return self.profile.matcher
        return Matcher(self.tree.policy.bundle, self.profile.record, self.parts)

    def forget(self) -> None:
        """Drop what was worked out along the way."""
        self.matcher.forget()
        self.__dict__.pop("decisions", None)

    @cached_property
    def vias(self) -> dict[Span, tuple[Span, ...]]:
        """The chain of includes of each written rule of the scope."""
        uses = self.profile.ir.uses
        return {
            rule.origin: uses[part].via for part in self.parts for rule in uses[part].unit.rules
        }

    @cached_property
    def written(self) -> dict[Span, Written]:
        """Every written rule of the scope that a class in force speaks of, in order."""
        found: dict[Span, list[Member]] = {}
        head = self.profile.ir.origin
        for group, (table, unit, _) in enumerate(self.matcher.groups()):
            for rule in table.rules:
                record = unit.rule(rule)
                if mediates(self.profile.record, BY_CODE[record.cls]):
                    number = record.facts.id
                    span = self.tree.rules[number].origin
                    if span != head:
                        found.setdefault(span, []).append(Member(RulePlace(group, rule), number))
        return {span: Written(self, span, tuple(members)) for span, members in found.items()}

    @cached_property
    def decisions(self) -> dict[tuple[tuple[int, ...], bool], Decision]:
        """What was worked out of rules together, by their numbers and the owner side."""
        return {}

    @cached_property
    def by_class(self) -> dict[MediationClass, list[int]]:
        """The numbers of the IR rules of each class."""
        found: dict[MediationClass, list[int]] = {}
        uses = self.profile.ir.uses
        for part in self.parts:
            unit = uses[part].unit
            for number, rule in zip(self.scopes.numbers[id(unit)], unit.rules, strict=True):
                found.setdefault(rule.cls, []).append(number)
        return found

    def own(self) -> Iterator[Written]:
        """The written rules of the scope's own text."""
        for span, written in self.written.items():
            if self.vias[span] == self.via:
                yield written

    @cached_property
    def implied(self) -> tuple[Member, ...]:
        """What the compiler grants to a profile that changes profiles or has hats."""
        head = self.profile.ir.origin
        found = (
            Member(RulePlace(group, rule), unit.rule(rule).facts.id)
            for group, (table, unit, _) in enumerate(self.matcher.groups())
            for rule in table.rules
            if self.tree.rules[unit.rule(rule).facts.id].origin == head
        )
        return tuple(sorted(found, key=lambda member: member.number))

    def taken_along(self, written: Written) -> tuple[Member, ...]:
        """The implied grants that a rule brings: those of the only change_profile rule."""
        if self.via or not self.implied:
            return ()
        if not any(rule.cls is CHANGE_PROFILE for rule in written.rules):
            return ()
        others = (
            rule.cls is CHANGE_PROFILE
            for use in self.profile.ir.uses
            for rule in use.unit.rules
            if rule.origin != written.span
        )
        if any(others):
            return ()
        # a profile with hats has the first three anyway
        return self.implied[3:] if len(self.implied) > 3 else self.implied


class Scopes:
    """The scopes of a tree."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        #: One scope for each profile that is enforced at all.
        self.bodies: list[Scope] = []
        self.body_of: dict[str, Scope] = {}
        #: The fullest scopes of the included text at the end of each chain, by its first rule.
        self.included: list[Scope] = []
        #: The numbers of the IR rules that one profile alone has.
        self.lone: set[int] = set()
        #: The numbers of the IR rules of each unit, by its id.
        self.numbers: dict[int, range] = {}
        self._keys: dict[int, tuple[bytes, ...] | None] = {}
        self._samples: dict[int, tuple[bytes, ...]] = {}
        self._prefixes: dict[int, bytes] = {}
        self._automata: dict[int, Lazy] = {}
        self._facts: dict[int, Facts] = {}
        self._find()

    def finite_keys(self, number: int) -> tuple[bytes, ...] | None:
        """All keys of an IR rule without the class code, or None when there are many."""
        if number not in self._keys:
            pattern = key_pattern(self.tree.rules[number])
            found: tuple[bytes, ...] | None
            if isinstance(pattern, Literal):
                found = (pattern.text[1:],)
            else:
                found = literals(pattern, MAX_KEYS)
                if found is not None:
                    found = tuple(sorted((k[1:] for k in found), key=lambda k: (len(k), k)))
            self._keys[number] = found
        return self._keys[number]

    def sample_keys(self, number: int) -> tuple[bytes, ...]:
        """A few keys of an IR rule without the class code."""
        known = self._samples.get(number)
        if known is None:
            found = samples(key_pattern(self.tree.rules[number]))
            known = self._samples[number] = tuple(key[1:] for key in found)
        return known

    def prefix(self, number: int) -> bytes:
        """What all keys of an IR rule begin with, class code included."""
        known = self._prefixes.get(number)
        if known is None:
            pattern = key_pattern(self.tree.rules[number])
            known = self._prefixes[number] = literal_prefix(pattern)
        return known

    def lazy(self, number: int) -> Lazy:
        """The pattern of an IR rule as an automaton; those asked for last are kept."""
        known = self._automata.get(number)
        if known is None:
            if len(self._automata) >= MAX_AUTOMATA:
                self._automata.clear()
            known = self._automata[number] = Lazy(key_pattern(self.tree.rules[number]))
        return known

    def facts(self, number: int) -> Facts:
        """What the precedence needs of an IR rule."""
        known = self._facts.get(number)
        if known is None:
            known = self._facts[number] = self.tree.policy.bundle.rule(number).facts
        return known

    def _find(self) -> None:
        live = [p for p in self.tree.profiles if p.ir.mode not in ("unconfined", "default_allow")]
        shared = Counter(id(unit) for p in live for unit in {id(u.unit): u.unit for u in p.ir.uses})
        first = 0
        units = {id(u.unit): u.unit for p in self.tree.profiles for u in p.ir.uses}
        for unit in units.values():  # numbers of rules follow the first use of their units
            self.numbers[id(unit)] = range(first, first + len(unit.rules))
            if shared[id(unit)] == 1:
                self.lone.update(range(first, first + len(unit.rules)))
            first += len(unit.rules)
        variants: dict[object, dict[frozenset[object], Scope]] = {}
        for profile in live:
            uses = profile.ir.uses
            whole = tuple(range(len(uses)))
            self.bodies.append(Scope(self.tree, profile, (), whole, self, [profile]))
            marks: list[object] = [
                id(use.unit) if shared[id(use.unit)] > 1 else use.unit.rules[0].origin
                for use in uses
            ]
            inside: dict[tuple[Span, ...], list[int]] = {}
            for part, use in enumerate(uses):
                for depth in range(1, len(use.via) + 1):
                    inside.setdefault(use.via[:depth], []).append(part)
            for via, parts in inside.items():
                heads = tuple(marks[part] for part in parts if uses[part].via == via)
                if not heads or uses[parts[0]].unit.rules[0].origin == profile.ir.origin:
                    continue
                known = variants.setdefault(heads, {})
                key = frozenset(marks[part] for part in parts)
                scope = known.get(key)
                if scope is None:
                    scope = known[key] = Scope(self.tree, profile, via, tuple(parts), self)
                scope.profiles.append(profile)
        for known in variants.values():
            for key, scope in known.items():
                if not any(key < other for other in known):
                    self.included.append(scope)
        self.body_of = {scope.profile.name: scope for scope in self.bodies}
