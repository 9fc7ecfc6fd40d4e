"""One profile in two policies: what its rules say on both sides, and how they part at a key.

Which keys are looked at is told in `lsmc.analysis.pattern_walks`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from lsmc.analysis.observed import PermissionOutcome, outcome_of, outcomes, said
from lsmc.analysis.rule_search import ClassView, RuleIndex, places, rule_at
from lsmc.analysis.semantics import Semantics
from lsmc.automata.algebra import walk
from lsmc.engine.answer import Answer
from lsmc.engine.matcher import Matcher, Node
from lsmc.engine.profiles import ProfileTables
from lsmc.engine.verdict import RequestError
from lsmc.ir.decision import Facts
from lsmc.ir.mediation import MediationClass
from lsmc.tables.records import ProfileRecord

#: A rule that one side has: which side, and where.
OneSided: TypeAlias = tuple[int, RuleIndex]
#: The permissions in question, for the owner (True) and for others.
Names: TypeAlias = Mapping[bool, Sequence[str]]

#: What a rule says, and the rules that say it.
Meanings: TypeAlias = dict[tuple[Any, ...], list[RuleIndex]]
#: What each of two policies says to a request of `Policy.query_many`; raises `RequestError`.
Answering: TypeAlias = tuple[
    Callable[[Mapping[str, Any]], Answer], Callable[[Mapping[str, Any]], Answer]
]

#: What comes of asking where the rules of a profile are not asked.
_FREE = PermissionOutcome("allow", logged=False)


class PermissionChange(NamedTuple):
    """How one permission changes, for the owner of the object or for others."""

    owner: bool
    name: str
    before: PermissionOutcome
    after: PermissionOutcome


class Found(NamedTuple):
    """A key with the differences there; `shows` tells whether the answers to its request differ."""

    key: bytes
    differences: tuple[PermissionChange, ...]
    shows: bool


class ProfilePair:
    """One profile in two policies; without `answering`, the rules of a key are the answer."""

    def __init__(
        self,
        semantics: Semantics,
        policies: tuple[ProfileTables, ProfileTables],
        records: tuple[ProfileRecord, ProfileRecord],
        answering: Answering | None,
    ) -> None:
        self.semantics = semantics
        self.policies = policies
        self.answering = answering
        self.records = records
        self.subject = records[1].full_name
        self._known: dict[tuple[int, Node, MediationClass, bool], dict[str, PermissionOutcome]] = {}

    @cached_property
    def matchers(self) -> tuple[Matcher, ...]:
        """The matchers of both sides, made when they are first asked for."""
        sides = zip(self.policies, self.records, strict=True)
        return tuple(policy.matcher(record) for policy, record in sides)

    def forget(self) -> None:
        """Drop what the matchers worked out: there is one for each profile of a policy."""
        if "matchers" in self.__dict__:
            for matcher in self.matchers:
                matcher.forget()

    @cached_property
    def _meanings(self) -> list[dict[int, Meanings]]:
        return [by_meaning(self.semantics, matcher) for matcher in self.matchers]

    def meanings(self, cls: MediationClass) -> tuple[Meanings, ...]:
        """The rules of a class by what they say, on both sides."""
        return tuple(known.get(cls.code, {}) for known in self._meanings)

    def facts(self, rule: OneSided) -> Facts:
        """What a rule says."""
        side, place = rule
        return rule_at(self.matchers[side], place).rule.facts

    def names(self, cls: MediationClass, rules: Sequence[OneSided], owner: bool) -> tuple[str, ...]:
        """The permissions whose outcome some rules have a part in."""
        mask = 0
        for rule in rules:
            facts = self.facts(rule)
            mask |= facts.owner if owner else facts.other
        if cls.implied is not None and mask & cls.mask(cls.implied[:1]):
            mask |= cls.mask(cls.implied)
        if mask & self.semantics.limits.get(cls, 0):
            mask = cls.all
        return cls.names(mask)

    def asked(self, cls: MediationClass) -> tuple[str, ...]:
        """The permissions that are asked for."""
        return cls.names(cls.all & ~self.semantics.limits.get(cls, 0))

    # --- what is compared

    def nodes(self, cls: MediationClass, key: bytes) -> tuple[Node, ...]:
        """Where a key leads on both sides."""
        whole = bytes((cls.code,)) + key
        return tuple(matcher.walk(whole) for matcher in self.matchers)

    def live(self, states: Sequence[Any]) -> tuple[Node, ...]:
        """The nodes of both sides in a walk."""
        return tuple(
            state if state is not None else matcher.node(())
            for state, matcher in zip(states[:2], self.matchers, strict=True)
        )

    def outcomes(
        self, side: int, node: Node, cls: MediationClass, owner: bool
    ) -> Mapping[str, PermissionOutcome]:
        """What the rules of a side say at a node."""
        key = (side, node, cls, owner)
        if key not in self._known:
            decision = self.matchers[side].decide(node, cls, owner)
            self._known[key] = outcomes(self.semantics, decision, self.records[side], cls)
        return self._known[key]

    def by_rules(
        self, cls: MediationClass, nodes: Sequence[Node], wanted: Names
    ) -> Iterator[PermissionChange]:
        """Where the rules at two nodes part."""
        for owner, names in wanted.items():
            before, after = (self.outcomes(i, node, cls, owner) for i, node in enumerate(nodes))
            if before != after:
                for name in names:
                    if before[name] != after[name]:
                        yield PermissionChange(owner, name, before[name], after[name])

    def by_answers(
        self, cls: MediationClass, key: bytes, wanted: Names
    ) -> Iterator[PermissionChange]:
        """Where the answers to the request of a key part."""
        for owner, names in wanted.items():
            for name in names:
                one, other = self.answers(cls, key, owner, name)
                if one is None or other is None:
                    continue
                before, after = outcome_of(one), outcome_of(other)
                if before != after:
                    yield PermissionChange(owner, name, before, after)

    def answers(
        self, cls: MediationClass, key: bytes, owner: bool, name: str
    ) -> tuple[Answer | None, ...]:
        """What both policies say to the request of a key; None where it is not one."""
        names = (record.full_name for record in self.records)
        request_of = self.semantics.request_of
        requests = (request_of(subject, cls, key, owner, (name,)) for subject in names)
        return tuple(map(_answer, self.answering or (), requests))

    def shows(self, cls: MediationClass, key: bytes, one: PermissionChange) -> bool:
        """Whether the policies answer the request of a key differently."""
        if self.answering is None:
            return True
        before, after = self.answers(cls, key, one.owner, one.name)
        if before is None or after is None:
            return False
        return said(before.verdict) != said(after.verdict)

    # --- a class that only one side mediates

    def mediation(self, cls: MediationClass, free: int) -> Found | None:
        """A key at which the side that mediates a class does not let everything pass."""
        wanted = dict.fromkeys((True, False), self.asked(cls))
        objects = self.semantics.requestable(cls, False)
        view = ClassView(self.matchers[1 - free], cls.code)

        def at(key: bytes) -> Iterator[PermissionChange]:
            node = self.nodes(cls, key)[1 - free]
            for owner, names in wanted.items():
                outcomes = self.outcomes(1 - free, node, cls, owner)
                for name in names:
                    if outcomes[name] != _FREE:
                        sides = (_FREE, outcomes[name]) if free == 0 else (outcomes[name], _FREE)
                        yield PermissionChange(owner, name, *sides)

        for real in (True, False):

            def counts(states: Sequence[Any], real: bool = real) -> bool:
                asked = states[1] is not None and bool(objects.accepts(states[1]))
                return asked is real

            def alive(states: Sequence[Any], real: bool = real) -> bool:
                return states[1] is not None or not real

            for key in walk([view, objects], counts, alive=alive):
                answered = real and self.answering is not None
                found = tuple(self.by_answers(cls, key, wanted) if answered else at(key))
                if found:
                    return Found(key, found, shows=real)
        return None


def _answer(
    answer: Callable[[Mapping[str, Any]], Answer], request: Mapping[str, Any]
) -> Answer | None:
    try:
        return answer(request)
    except RequestError:
        return None


def by_meaning(
    semantics: Semantics, matcher: Matcher, cls: MediationClass | None = None
) -> dict[int, Meanings]:
    """A profile's rules, or those of a class, by the code of their class and what they say."""
    found: dict[int, Meanings] = {}
    for place in places(matcher, cls):
        rule = rule_at(matcher, place).rule
        facts = rule.facts
        transition = semantics.destination(facts.transition, matcher.profile)
        meaning = (rule.pattern, *facts[1:7], facts.adds_log, facts.weak, transition)
        found.setdefault(rule.cls, {}).setdefault(meaning, []).append(place)
    return found
