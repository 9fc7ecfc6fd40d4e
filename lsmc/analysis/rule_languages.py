"""Rules of one class and permission as languages, and what they decide together.

The transition graph asks of each exec and change_profile rule at which objects it decides.
Only the rules that speak of the permission can matter there, and most of them match a few objects:
so they are looked up, and the walk over all automata of a profile is kept for the rest.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain, islice
from typing import NamedTuple

from lsmc.automata.algebra import Automaton, Table, in_order
from lsmc.automata.members import UNSEEN, KnownLanguages, Sight, common_prefix, members
from lsmc.engine.matcher import Decide
from lsmc.ir.decision import Decision
from lsmc.ir.mediation import MediationClass
from lsmc.kernels.walk import Matches, Walker, matching
from lsmc.tables.bundle import Bundle, Unit
from lsmc.tables.reach import Reach
from lsmc.tables.records import ProfileRecord

#: Objects that are tried of a rule that matches endlessly many.
SAMPLES = 64


class RuleLanguage:
    """The objects that one rule matches, as a part of a group's table.

    `members` are all of them where they are few, else None; `prefix` is their common prefix.
    """

    def __init__(self, part: GroupRule, sight: Sight | None) -> None:
        """With a `sight` of it the table is read only when more is asked."""
        record = part.unit.rule(part.rule)
        self.pattern = record.pattern
        self.facts = record.facts
        self.rule = part.rule
        self.code = part.code
        self._part = part
        self._short: list[bytes] = []
        self._rest: Iterator[bytes] | None = None
        self._view: _View | None = None
        if sight is None:
            table, start = self.reach.table, self.start
            sight = Sight(
                members(table, self.accepting, self.useful, start),
                common_prefix(table, self.accepting, self.useful, start),
            )
        self.members, self.prefix, self._first = sight

    @property
    def reach(self) -> Reach:
        """The paths through the group's table."""
        return self._part.unit.reach(self._part.group)

    @cached_property
    def start(self) -> int:
        """The state where members begin."""
        return self.reach.walk(self.code)

    @cached_property
    def accepting(self) -> frozenset[int]:
        """The states where the rule matches."""
        return frozenset(self.reach.accepting(self.rule))

    @cached_property
    def useful(self) -> frozenset[int]:
        """The states from which it can still match."""
        return self.reach.useful(self.rule)

    def samples(self) -> Iterator[bytes]:
        """A few members: the shortest ones for the ways to end, then the shortest of all."""
        if self.members is not None:
            yield from sorted(self.members, key=len)[:SAMPLES]
            return
        if self._first is not None:
            yield self._first
        ends = [self.reach.shortest(state)[1:] for state in self.reach.accepting(self.rule)]
        yield from (member for member in ends[:SAMPLES] if member != self._first)
        yield from (member for member in self._short_members() if member not in ends)

    def _short_members(self) -> Iterator[bytes]:
        """The first members of all, each worked out when it is first asked for."""
        if self._rest is None:
            self._rest = islice(in_order(self.automaton()), SAMPLES)
        at = 0
        while True:
            if at == len(self._short):
                self._short += islice(self._rest, 1)
                if at == len(self._short):
                    return
            yield self._short[at]
            at += 1

    def starting(self, ordered: Sequence[bytes]) -> Iterator[bytes]:
        """The members among some sorted texts, many of which share a prefix."""
        at = bisect_left(ordered, self.prefix)
        while at < len(ordered):
            text = ordered[at]
            if not text.startswith(self.prefix):
                return
            alive, _ = self._part.walker.depth(self.code + text)
            alive -= len(self.code)
            if alive == len(text):
                if self._has(text):
                    yield text
                at += 1
            else:
                at = bisect_left(ordered, _behind(text[: alive + 1]), at + 1)

    def matches(self, key: bytes) -> bool:
        """Whether an object is a member."""
        if self.members is not None:
            return key in self.members
        if not key.startswith(self.prefix):
            return False
        return self._has(key)

    def _has(self, key: bytes) -> bool:
        return self.facts.id in self._part.matches.at(self.code + key)

    @property
    def matches_of_group(self) -> Matches:
        """Which rules, by their ids, match a key of the group, class code included."""
        return self._part.matches

    def automaton(self) -> Automaton[int]:
        """The language for `lsmc.automata.algebra`."""
        if self._view is None:
            self._view = _View(self)
        return self._view


def _behind(prefix: bytes) -> bytes:
    """An upper bound, in order, of all texts with a prefix."""
    kept = prefix.rstrip(b"\xff")
    return kept[:-1] + bytes((kept[-1] + 1,)) if kept else b"\xff" * (len(prefix) + 1)


class _View:
    """A rule's part of a table as an automaton."""

    def __init__(self, language: RuleLanguage) -> None:
        self.start = language.start
        self._language = language
        self._table: Table = language.reach.table
        self._known: dict[int, list[tuple[int, int]]] = {}

    def edges(self, state: int) -> list[tuple[int, int]]:
        known = self._known.get(state)
        if known is None:
            useful = self._language.useful
            known = [(mask, to) for mask, to in self._table.edges(state) if to in useful]
            self._known[state] = known
        return known

    def accepts(self, state: int) -> tuple[int, ...]:
        return (0,) if state in self._language.accepting else ()


class GroupRule(NamedTuple):
    """A rule of a unit and a group, by their numbers, and the class code of its keys."""

    unit: Unit
    group: int
    rule: int
    walker: Walker
    matches: Matches
    code: bytes


class RuleLanguages:
    """The languages of the rules of a class that mention some permissions; units share them."""

    def __init__(
        self, cls: MediationClass, mask: int, decide: Decide, seen: KnownLanguages = UNSEEN
    ) -> None:
        self.cls = cls
        self.mask = mask
        self._decide = decide
        self._seen = seen
        self._known: dict[int, tuple[Unit, tuple[RuleLanguage, ...]]] = {}
        self._decisions: dict[tuple[tuple[int, ...], bool], Decision] = {}

    def of(self, bundle: Bundle, profile: ProfileRecord) -> ProfileRules:
        """The rules of a profile."""
        found: list[RuleLanguage] = []
        for unit, _ in bundle.uses(profile):
            found += self._of_unit(unit)
        return ProfileRules(self, found)

    def decide(self, rules: Sequence[RuleLanguage], owner: bool) -> Decision:
        """What some rules say where they match together, worked out once for all profiles."""
        key = tuple([rule.facts.id for rule in rules]), owner
        known = self._decisions.get(key)
        if known is None:
            known = self._decisions[key] = self._decide(
                [rule.facts for rule in rules], self.cls, owner
            )
        return known

    def _of_unit(self, unit: Unit) -> tuple[RuleLanguage, ...]:
        known = self._known.get(id(unit))
        if known is None:
            groups = (self._languages(unit, index) for index in range(unit.groups))
            known = self._known[id(unit)] = (unit, tuple(chain.from_iterable(groups)))
        return known[1]

    def _languages(self, unit: Unit, index: int) -> Iterator[RuleLanguage]:
        group = unit.group(index)
        walker, matches = group.walker, group.matches(unit.numbers)
        code = bytes((self.cls.code,))
        for rule in group.rules:
            record = unit.rule(rule)
            facts = record.facts
            if record.cls == self.cls.code and (facts.owner | facts.other) & self.mask:
                part = GroupRule(
                    unit=unit, group=index, rule=rule, walker=walker, matches=matches, code=code
                )
                yield RuleLanguage(part, self._seen.rule(facts.id))


class ProfileRules:
    """The rules of one profile that speak of the permissions, and what they decide."""

    def __init__(self, languages: RuleLanguages, rules: list[RuleLanguage]) -> None:
        self.mask = languages.mask
        self._languages = languages
        self.rules = rules
        self._listed: dict[bytes, list[RuleLanguage]] = {}
        for rule in rules:
            for member in rule.members or ():
                self._listed.setdefault(member, []).append(rule)
        many = sorted((rule for rule in rules if rule.members is None), key=_length)
        self._open = {rule.facts.id: (place, rule) for place, rule in enumerate(many)}
        self._tables = list(dict.fromkeys(rule.matches_of_group for rule in many))
        self._code = bytes((languages.cls.code,))

    def decide(self, key: bytes, owner: bool) -> Decision:
        """What the rules say of an object; only the permissions asked for are to be read."""
        matched = map(self._open.get, matching(self._tables, self._code + key))
        found = list(self._listed.get(key, ()))
        found += [rule for _, rule in sorted(filter(None, matched))]
        return self._languages.decide(found, owner)

    def winning(self, rule: RuleLanguage, key: bytes) -> tuple[bool, Decision] | None:
        """For which owner sides a rule decides at an object, and the decision."""
        for owner in (True, False):
            if (rule.facts.owner if owner else rule.facts.other) & self.mask:
                decision = self.decide(key, owner)
                for bits, number in decision.winners:
                    if number == rule.facts.id and bits & self.mask:
                        return owner, decision
        return None


def _length(rule: RuleLanguage) -> int:
    return len(rule.prefix)
