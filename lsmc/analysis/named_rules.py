"""Rules of one class and permission as languages, and what they decide together.

The transition graph asks of each exec and change_profile rule at which objects it decides.
Only the rules that speak of the permission can matter there, and most of them match a few objects:
so they are looked up, and the walk over all automata of a profile is kept for the rest.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lsmc.analysis.languages import common_prefix, members, some
from lsmc.automata.algebra import Automaton, Table
from lsmc.decide import Decision, decide
from lsmc.engine.evaluator import Matcher
from lsmc.ir.mediation import MediationClass
from lsmc.tables.bundle import Unit
from lsmc.tables.reach import Reach
from lsmc.tables.records import RuleRecord

#: Objects that are tried of a rule that matches endlessly many.
SAMPLES = 64


class RuleLanguage:
    """The objects that one rule matches, as a part of a group's table."""

    __slots__ = (
        "_samples",
        "accepting",
        "code",
        "facts",
        "members",
        "pattern",
        "prefix",
        "reach",
        "rule",
        "start",
        "useful",
    )

    def __init__(self, record: RuleRecord, reach: Reach, rule: int, code: bytes) -> None:
        """`rule` is the number in its unit, `code` the class code that its keys begin with."""
        self.pattern = record.pattern
        self.facts = record.facts
        self.reach = reach
        self.rule = rule
        self.code = code
        self._samples: list[bytes] | None = None
        self.start = start = reach.walk(code)
        self.accepting = frozenset(reach.accepting(rule))
        self.useful = reach.useful(rule)
        self.members = members(reach.table, self.accepting, self.useful, start)
        self.prefix = common_prefix(reach.table, self.accepting, self.useful, start)

    def samples(self) -> Iterator[bytes]:
        """A few members: the shortest ones for the ways to end, then the shortest of all."""
        if self.members is not None:
            yield from sorted(self.members, key=len)[:SAMPLES]
            return
        first = [self.reach.shortest(state)[1:] for state in self.reach.accepting(self.rule)]
        yield from first[:SAMPLES]
        if self._samples is None:
            self._samples = some(self.automaton(), SAMPLES)
        yield from (member for member in self._samples if member not in first)

    def starting(self, ordered: Sequence[bytes]) -> Iterator[bytes]:
        """The members among some texts in order, of which many begin alike."""
        at = bisect_left(ordered, self.prefix)
        while at < len(ordered):
            text = ordered[at]
            if not text.startswith(self.prefix):
                return
            alive, state = self.reach.depth(self.code + text)
            alive -= len(self.code)
            if alive == len(text):
                if state in self.accepting:
                    yield text
                at += 1
            else:
                at = bisect_left(ordered, _behind(text[: alive + 1]), at + 1)

    def matches(self, key: bytes) -> bool:
        """Whether an object is a member."""
        if self.members is not None:
            return key in self.members
        return key.startswith(self.prefix) and self.reach.walk(self.code + key) in self.accepting

    def automaton(self) -> Automaton[int]:
        """The language for `lsmc.automata.algebra`."""
        return _View(self)


def _behind(prefix: bytes) -> bytes:
    """What comes behind all texts with a prefix."""
    kept = prefix.rstrip(b"\xff")
    return kept[:-1] + bytes((kept[-1] + 1,)) if kept else b"\xff" * (len(prefix) + 1)


class _View:
    """A rule's part of a table as an automaton."""

    def __init__(self, language: RuleLanguage) -> None:
        self.start = language.start
        self._language = language
        self._table: Table = language.reach.table

    def edges(self, state: int) -> list[tuple[int, int]]:
        useful = self._language.useful
        return [(mask, to) for mask, to in self._table.edges(state) if to in useful]

    def accepts(self, state: int) -> tuple[int, ...]:
        return (0,) if state in self._language.accepting else ()


class Key(NamedTuple):
    """What the rules of a unit's group depend on."""

    unit: int
    group: int


class RuleLanguages:
    """The languages of the rules of a class that speak of some permissions; units share them."""

    def __init__(self, cls: MediationClass, mask: int) -> None:
        self.cls = cls
        self.mask = mask
        self._known: dict[Key, tuple[Unit, tuple[RuleLanguage, ...]]] = {}

    def of(self, matcher: Matcher) -> ProfileRules:
        """The rules of a profile."""
        found: list[RuleLanguage] = []
        counts: dict[int, int] = {}
        for _, unit, _ in matcher.groups():
            index = counts.get(id(unit), 0)
            counts[id(unit)] = (index + 1) % unit.groups
            found += self._of_group(unit, index)
        return ProfileRules(self, found)

    def _of_group(self, unit: Unit, index: int) -> tuple[RuleLanguage, ...]:
        key = Key(id(unit), index)
        known = self._known.get(key)
        if known is None:
            rules = [
                (number, unit.rule(number))
                for number in unit.group(index).rules
                if unit.rule(number).cls == self.cls.code
            ]
            wanted = [(n, r) for n, r in rules if (r.facts.owner | r.facts.other) & self.mask]
            languages: tuple[RuleLanguage, ...] = ()
            if wanted:
                reach = unit.reach(index)
                code = bytes((self.cls.code,))
                languages = tuple(RuleLanguage(r, reach, n, code) for n, r in wanted)
            known = self._known[key] = (unit, languages)
        return known[1]


class ProfileRules:
    """The rules of one profile that speak of the permissions, and what they decide."""

    def __init__(self, languages: RuleLanguages, rules: list[RuleLanguage]) -> None:
        self.cls = languages.cls
        self.mask = languages.mask
        self.rules = rules
        self._listed: dict[bytes, list[RuleLanguage]] = {}
        self._open: list[RuleLanguage] = []
        for rule in rules:
            if rule.members is None:
                self._open.append(rule)
            for member in rule.members or ():
                self._listed.setdefault(member, []).append(rule)

    def decide(self, key: bytes, owner: bool) -> Decision:
        """What the rules say of an object; only the permissions asked for are to be read."""
        facts = [rule.facts for rule in self._listed.get(key, ())]
        facts += [rule.facts for rule in self._open if rule.matches(key)]
        return decide(facts, self.cls, owner)

    def winning(self, rule: RuleLanguage, key: bytes) -> tuple[bool, Decision] | None:
        """For which owner a rule is the one that decides at an object, and the decision."""
        for owner in (True, False):
            if (rule.facts.owner if owner else rule.facts.other) & self.mask:
                decision = self.decide(key, owner)
                for bits, number in decision.winners:
                    if number == rule.facts.id and bits & self.mask:
                        return owner, decision
        return None
