"""Where the rules of one profile in two policies differ: each way in which a permission changes.

A difference of decisions stands at a key that some rule matches which the other side does not have.
For each such rule the product of both sides is walked along the rule's own language, breadth first
and to its end, over the keys that a kernel can ask about.  The walk may end early once each change
was found that there can be at all.

Where operations look up more than one key, the walk tells apart what else they look up, and the
engine's own answer at one key of each kind is compared: no second copy of its logic decides here.

What no answer shows is a difference all the same: at keys that no kernel asks about, and where an
answer rests on more than the rules, such as on whether the profile exists that an execution leads
to.  It is found with the key that shows it in the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

from lsmc.analysis.observed import Difference, Found, Outcome, outcome_of, outcomes, said
from lsmc.analysis.possible import Possible, Rules
from lsmc.analysis.rule_search import ClassView, Question, RulePlace, places, rule_at
from lsmc.analysis.semantics import Semantics
from lsmc.automata.algebra import walk
from lsmc.engine.matcher import Matcher, Node
from lsmc.engine.profiles import ProfileTables
from lsmc.engine.verdict import Answer, RequestError
from lsmc.ir.decision import Facts
from lsmc.ir.mediation import MediationClass
from lsmc.tables.records import ProfileRecord

#: A rule that one side has: which side, and where.
OneSided: TypeAlias = tuple[int, RulePlace]
#: The permissions in question, for the owner (True) and for others.
_Names: TypeAlias = Mapping[bool, Sequence[str]]

#: What a rule says, and the rules that say it.
Meanings: TypeAlias = dict[tuple[Any, ...], list[RulePlace]]
#: What each of two policies says to a request of `Policy.query_many`; raises `RequestError`.
Answering: TypeAlias = tuple[
    Callable[[Mapping[str, Any]], Answer], Callable[[Mapping[str, Any]], Answer]
]

#: What comes of asking where the rules of a profile are not asked.
_FREE = Outcome("allow", logged=False)


class Pair:
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
        self.subject = records[0].full_name
        self._known: dict[tuple[int, Node, MediationClass, bool], dict[str, Outcome]] = {}

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

    def by_pattern(
        self, cls: MediationClass
    ) -> Iterator[tuple[Sequence[OneSided], Iterator[Found]]]:
        """The rules of a pattern that only one side has, and the differences along it."""
        known = [meanings.get(cls.code, {}) for meanings in self._meanings]
        patterns: dict[object, list[OneSided]] = {}
        alone: tuple[list[Facts], list[Facts]] = ([], [])
        for side in (1, 0):
            for meaning, found in known[side].items():
                if meaning not in known[1 - side]:
                    alone[side].append(self.facts((side, found[0])))
                    patterns.setdefault(meaning[0], []).append((side, found[0]))
        if not patterns:
            return
        shared = [
            self.facts((0, found[0])) for meaning, found in known[0].items() if meaning in known[1]
        ]
        changes = {
            (owner, name): Possible(
                self.semantics, cls, self.records, Rules(shared, alone), name, owner
            )
            for owner in (True, False)
            for name in cls.permissions
        }
        for rules in patterns.values():
            yield rules, _Along(self, cls, rules, changes).found()

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
    ) -> Mapping[str, Outcome]:
        """What the rules of a side say at a node."""
        key = (side, node, cls, owner)
        if key not in self._known:
            decision = self.matchers[side].decide(node, cls, owner)
            self._known[key] = outcomes(self.semantics, decision, self.records[side], cls)
        return self._known[key]

    def by_rules(
        self, cls: MediationClass, nodes: Sequence[Node], wanted: _Names
    ) -> Iterator[Difference]:
        """Where the rules at two nodes part."""
        for owner, names in wanted.items():
            before, after = (self.outcomes(i, node, cls, owner) for i, node in enumerate(nodes))
            if before != after:
                for name in names:
                    if before[name] != after[name]:
                        yield Difference(owner, name, before[name], after[name])

    def by_answers(self, cls: MediationClass, key: bytes, wanted: _Names) -> Iterator[Difference]:
        """Where the answers to the request of a key part."""
        for owner, names in wanted.items():
            for name in names:
                one, other = self.answers(cls, key, owner, name)
                if one is None or other is None:
                    continue
                before, after = outcome_of(one), outcome_of(other)
                if before != after:
                    yield Difference(owner, name, before, after)

    def answers(
        self, cls: MediationClass, key: bytes, owner: bool, name: str
    ) -> tuple[Answer | None, ...]:
        """What both policies say to the request of a key; None where it is not one."""
        request = self.semantics.request_of(self.subject, cls, key, owner, (name,))
        return tuple(_answer(answer, request) for answer in self.answering or ())

    def shows(self, cls: MediationClass, key: bytes, one: Difference) -> bool:
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

        def at(key: bytes) -> Iterator[Difference]:
            node = self.nodes(cls, key)[1 - free]
            for owner, names in wanted.items():
                outcomes = self.outcomes(1 - free, node, cls, owner)
                for name in names:
                    if outcomes[name] != _FREE:
                        sides = (_FREE, outcomes[name]) if free == 0 else (outcomes[name], _FREE)
                        yield Difference(owner, name, *sides)

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


class _Along:
    """The differences within the language of one pattern."""

    def __init__(
        self,
        pair: Pair,
        cls: MediationClass,
        rules: Sequence[OneSided],
        changes: Mapping[tuple[bool, str], Possible],
    ) -> None:
        self.pair = pair
        self.cls = cls
        self.changes = changes
        self.side, place = rules[0]
        self.search = Question(pair.matchers[self.side], place)
        self.here = [[pair.facts(rule) for rule in rules if rule[0] == side] for side in (0, 1)]
        self.names = {owner: pair.names(cls, rules, owner) for owner in (True, False)}
        self.real = pair.semantics.requestable(cls, False)
        self.views: list[Any] = [ClassView(matcher, cls.code) for matcher in pair.matchers]
        self.shown: set[Difference] = set()
        self.hidden: dict[Difference, bytes] = {}

    def found(self) -> Iterator[Found]:
        """Each difference at its first key: those that answers show, and then the others."""
        yield from self._asked()
        yield from self._in_tables()

    def _there_can_be(self, names: _Names, *, looked_up: bool) -> set[Difference]:
        return {
            Difference(owner, name, *pair)
            for owner, some in names.items()
            for name in some
            for pair in self.changes[owner, name].where_matched(self.here, looked_up=looked_up)
        }

    def _asked(self) -> Iterator[Found]:
        """The differences at keys that a kernel can ask about."""
        pair, cls, real = self.pair, self.cls, self.real
        names = self._asked_names()
        there_can_be = self._there_can_be(names, looked_up=True)
        if not there_can_be:
            return
        besides = pair.semantics.besides.get(cls)
        more = [a for m in pair.matchers for a in besides.automata(m)] if besides else []

        def alive(states: Sequence[Any]) -> bool:
            return states[2] is not None and self.search.alive(states[self.side])

        def goal(states: Sequence[Any]) -> bool:
            if not self._matches(states) or not self._is_real(states):
                return False
            nodes = pair.live(states)
            if besides is None:
                return any(one not in self.shown for one in pair.by_rules(cls, nodes, names))
            return besides.where_refused or self._part(nodes)

        for key in walk([*self.views, real, *more], goal, alive=alive):
            if besides is None:
                here = pair.by_rules(cls, pair.nodes(cls, key), names)
            else:
                here = pair.by_answers(cls, key, names)
            showing = self._note(key, [one for one in here if one not in self.shown])
            if showing:
                yield Found(key, showing, shows=True)
            if there_can_be <= self.shown:
                return

    def _note(self, key: bytes, differences: Sequence[Difference]) -> tuple[Difference, ...]:
        """Those of some differences that the answers at their key show; the others are kept."""
        showing = tuple(one for one in differences if self.pair.shows(self.cls, key, one))
        self.shown.update(showing)
        for one in differences:
            if one not in self.shown:
                self.hidden.setdefault(one, key)
        return showing

    def _in_tables(self) -> Iterator[Found]:
        """The differences that no answer shows.

        Where no answer shows any, and operations look up more than the key, this may be the reason;
        then what the rules say of any key counts.
        """
        pair, cls = self.pair, self.cls
        known = {one: key for one, key in self.hidden.items() if one not in self.shown}
        anywhere = cls in pair.semantics.besides and not self.shown
        names = self.names if anywhere else self._asked_names()
        rest = self._there_can_be(names, looked_up=False) - self.shown - known.keys()

        def here(nodes: Sequence[Node]) -> list[Difference]:
            return [one for one in pair.by_rules(cls, nodes, names) if one in rest]

        for real in (True, False) if anywhere else (False,):
            if not rest:
                break

            def goal(states: Sequence[Any], real: bool = real) -> bool:
                counts = self._is_real(states) is real and self._matches(states)
                return counts and bool(here(pair.live(states)))

            def alive(states: Sequence[Any], real: bool = real) -> bool:
                return (states[2] is not None or not real) and self.search.alive(states[self.side])

            for key in walk([*self.views, self.real], goal, alive=alive):
                found = here(pair.nodes(cls, key))
                known.update(dict.fromkeys(found, key))
                rest.difference_update(found)
                if not rest:
                    break
        by_key: dict[bytes, list[Difference]] = {}
        for one, key in known.items():
            by_key.setdefault(key, []).append(one)
        for key, differences in by_key.items():
            yield Found(key, tuple(differences), shows=False)

    def _asked_names(self) -> _Names:
        asked = self.pair.asked(self.cls)
        return {
            owner: [name for name in names if name in asked] for owner, names in self.names.items()
        }

    def _matches(self, states: Sequence[Any]) -> bool:
        node = states[self.side]
        return node is not None and self.search.matches(node)

    def _is_real(self, states: Sequence[Any]) -> bool:
        return states[2] is not None and bool(self.real.accepts(states[2]))

    def _part(self, nodes: Sequence[Node]) -> bool:
        """Whether the rules at two nodes part; else what is looked up besides is told elsewhere."""
        return any(
            one[:5] != other[:5]
            for owner in (True, False)
            for one, other in (
                [
                    m.decide(n, self.cls, owner)
                    for m, n in zip(self.pair.matchers, nodes, strict=True)
                ],
            )
        )


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
        meaning = (rule.pattern, *facts[1:7], facts.adds_log, transition)
        found.setdefault(rule.cls, {}).setdefault(meaning, []).append(place)
    return found
