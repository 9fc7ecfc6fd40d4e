"""Exact searches in the language of one rule among all rules of a profile.

A rule has effects only at keys of its own language.  So a search walks the profile's automata along
that language only, breadth first, to the first key where a goal is met: the key is the witness, and
no key proves that there is none.  A shortest key is tried first; that often makes the search
unnecessary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import contains
from typing import Any, NamedTuple

from lsmc.automata.algebra import Automaton, States, search
from lsmc.engine.matcher import MatchedRule, Matcher, Node
from lsmc.ir.mediation import MediationClass

#: Keys that are tried before a search.
SAMPLES = 4
#: Tuples of states that the question whether some rules cover another may take.
_BEYOND = 20_000


class RuleIndex(NamedTuple):
    """A rule in a matcher: the number of a group, and of the unit's rule."""

    group: int
    rule: int


def places_at(matcher: Matcher, node: Node) -> Iterator[RuleIndex]:
    """The rules that match at a node."""
    groups = matcher.groups()
    for number, state in node.live:
        group, _, _ = groups[number]
        for index in group.dfa.accept_ids_of(state):
            yield RuleIndex(number, group.rules[index])


class ClassView:
    """A matcher as an automaton over the keys of one class, for `automata.algebra.search`."""

    def __init__(self, matcher: Matcher, code: int) -> None:
        self.matcher = matcher
        self.start = matcher.walk(bytes((code,)))

    def edges(self, state: Node) -> tuple[tuple[int, Node], ...]:
        """Where a node leads."""
        return self.matcher.edges(state)

    def accepts(self, state: Node) -> tuple[int, ...]:
        """The numbers of the rules that match at a node."""
        return tuple(match.rule.facts.id for match in self.matcher.matched(state))


def places(matcher: Matcher, cls: MediationClass | None = None) -> list[RuleIndex]:
    """The rules of a profile, or those of one class, in the order of its units."""
    return [
        RuleIndex(number, rule)
        for number, (group, unit, _) in enumerate(matcher.groups())
        for rule in group.rules
        if cls is None or unit.rule(rule).cls == cls.code
    ]


def rule_at(matcher: Matcher, place: RuleIndex) -> MatchedRule:
    """The rule at a place, with the includes that brought it in."""
    _, unit, via = matcher.groups()[place.group]
    return MatchedRule(unit.rule(place.rule), via)


class RuleQuestion:
    """The language of one rule in its profile, to search in."""

    def __init__(self, matcher: Matcher, place: RuleIndex) -> None:
        self.matcher = matcher
        self.place = place
        self.rule = rule_at(matcher, place)

    def alive(self, node: Node | None) -> bool:
        """Whether the rule can still match behind a node."""
        if node is None:
            return False
        useful = self.matcher.reach(self.place.group).useful(self.place.rule)
        return node.state_of(self.place.group) in useful

    def matches(self, node: Node) -> bool:
        """Whether the rule matches at a node."""
        return any(
            match.rule.facts.id == self.rule.rule.facts.id for match in self.matcher.matched(node)
        )

    def samples(self) -> list[bytes]:
        """A few short keys of the rule, without the class code, shortest first."""
        reach = self.matcher.reach(self.place.group)
        states = reach.accepting(self.place.rule)[:SAMPLES]
        return [reach.shortest(state)[1:] for state in states]

    def beyond(self, places: Sequence[RuleIndex], among: Automaton[Any] | None) -> bytes | None:
        """A shortest key of the rule (without the class code) that none of some rules matches.

        None if there is none.  Only the groups of these rules are walked.  Raises `StateLimit`.

        Args:
            places: the other rules.
            among: the keys that count, with the class code; all if it is None.
        """
        reach = self.matcher.reach(self.place.group)
        own, useful = frozenset(reach.accepting(self.place.rule)), reach.useful(self.place.rule)
        others = [self.matcher.reach(place.group) for place in places]
        theirs = [
            frozenset(other.accepting(place.rule))
            for other, place in zip(others, places, strict=True)
        ]
        walked: list[Automaton[Any]] = [reach.table, *(other.table for other in others)]
        if among is not None:
            walked.append(among)

        def alive(states: States) -> bool:
            return states[0] in useful and (among is None or states[-1] is not None)

        def found(states: States) -> bool:
            if states[0] not in own or not alive(states):
                return False
            if among is not None and not among.accepts(states[-1]):
                return False
            rest = states[1 : len(theirs) + 1]
            return not any(map(contains, theirs, rest))

        key = search(walked, found, alive=alive, limit=_BEYOND)
        return None if key is None else key[1:]

    def node(self, key: bytes) -> Node:
        """The node of a key (without the class code)."""
        return self.matcher.walk(bytes((self.rule.rule.cls,)) + key)
