"""The differences of one profile in two policies, found along the rules that only one side has.

A difference of decisions stands at a key that some rule matches which the other side does not have.
For each such rule the product of both sides is walked along the rule's own language, breadth first
and to its end, over the keys that a kernel can ask about.  The walk may end early once each change
was found that there can be at all; one key settles most rules.

Where operations look up more than one key, the walk tells apart what else they look up, and the
engine's own answer at one key of each kind is compared: no second copy of its logic decides here.

What no answer shows is a difference all the same: at keys that no kernel asks about, and where an
answer rests on more than the rules, such as on whether the profile exists that an execution leads
to.  It is found with the key that shows it in the tables.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from lsmc.analysis.differing import Found, Names, OneSided, PermissionChange, ProfilePair
from lsmc.analysis.possible import Possible, Rules
from lsmc.analysis.rule_search import ClassView, RuleIndex, RuleQuestion, places_at
from lsmc.automata.algebra import walk
from lsmc.automata.dfa import StateLimit
from lsmc.engine.matcher import Node
from lsmc.ir.decision import Facts
from lsmc.ir.mediation import MediationClass

#: So many rules together are asked whether they cover another.
_COVERS = 8


def by_pattern(
    pair: ProfilePair, cls: MediationClass
) -> Iterator[tuple[Sequence[OneSided], Iterator[Found]]]:
    """The rules of each pattern that only one side has, with the differences along it."""
    known = pair.meanings(cls)
    patterns: dict[object, list[OneSided]] = {}
    alone: tuple[list[Facts], list[Facts]] = ([], [])
    for side in (1, 0):
        for meaning, found in known[side].items():
            if meaning not in known[1 - side]:
                alone[side].append(pair.facts((side, found[0])))
                patterns.setdefault(meaning[0], []).append((side, found[0]))
    if not patterns:
        return
    both = [meaning for meaning in known[0] if meaning in known[1]]
    shared = [frozenset(place for meaning in both for place in side[meaning]) for side in known]
    rules = Rules([pair.facts((0, known[0][meaning][0])) for meaning in both], alone)
    changes = {
        (owner, name): Possible(pair.semantics, cls, pair.records, rules, name, owner)
        for owner in (True, False)
        for name in cls.permissions
    }
    for here in patterns.values():
        yield here, _Along(pair, cls, here, changes, shared[here[0][0]]).found()


class _Along:
    """The differences within the language of one pattern."""

    def __init__(
        self,
        pair: ProfilePair,
        cls: MediationClass,
        rules: Sequence[OneSided],
        changes: Mapping[tuple[bool, str], Possible],
        shared: Collection[RuleIndex],
    ) -> None:
        """The rules of the pattern; `shared` are those of the first one's side that both have."""
        self.pair = pair
        self.cls = cls
        self.changes = changes
        self.side, place = rules[0]
        self.search = RuleQuestion(pair.matchers[self.side], place)
        self.here = [[pair.facts(rule) for rule in rules if rule[0] == side] for side in (0, 1)]
        self.names = {owner: pair.names(cls, rules, owner) for owner in (True, False)}
        self.shared = shared
        self.real = pair.semantics.requestable(cls, False)
        self.views: list[Any] = [ClassView(matcher, cls.code) for matcher in pair.matchers]
        self.shown: set[PermissionChange] = set()
        self.hidden: dict[PermissionChange, bytes] = {}

    def found(self) -> Iterator[Found]:
        """Each difference at its first key: those that answers show, and then the others."""
        yield from self._asked()
        yield from self._in_tables()

    def _there_can_be(self, names: Names, *, looked_up: bool) -> set[PermissionChange]:
        found = {
            PermissionChange(owner, name, *pair)
            for owner, some in names.items()
            for name in some
            for pair in self.changes[owner, name].where_matched(self.here, looked_up=looked_up)
        }
        known = self.shown | self.hidden.keys()
        return {one for one in found - known if not self._excluded(one, looked_up=looked_up)}

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

        def keys() -> Iterator[bytes]:
            with suppress(StateLimit):
                first = self._beyond((), real=True)
                if first is None:
                    return
                yield first
            yield from walk([*self.views, real, *more], goal, alive=alive)

        for key in keys():
            if besides is None:
                here = pair.by_rules(cls, pair.nodes(cls, key), names)
            elif besides.where_refused or self._part(pair.nodes(cls, key)):
                here = pair.by_answers(cls, key, names)
            else:
                continue
            showing = self._note(key, [one for one in here if one not in self.shown])
            if showing:
                yield Found(key, showing, shows=True)
            if there_can_be <= self.shown:
                return

    def _excluded(self, one: PermissionChange, *, looked_up: bool) -> bool:
        """Whether a change is impossible because rules of both sides cover the pattern.

        A rule that opens what is open anyway would be walked to its end for the proof; here no more
        is walked than the rules that open it.
        """
        covers: list[RuleIndex] = []
        with suppress(StateLimit):
            while len(covers) < _COVERS:
                key = self._beyond(covers, real=looked_up)
                if key is None:
                    return True
                cover = self._cover(key, one, looked_up)
                if cover is None:
                    return False
                covers.append(cover)
        return False

    def _beyond(self, covers: Sequence[RuleIndex], *, real: bool) -> bytes | None:
        """A shortest key of the pattern that some rules do not match; if `real`, one that is asked.

        Raises `StateLimit`.
        """
        among = self.pair.semantics.requestable(self.cls, True) if real else None
        return self.search.beyond(covers, among)

    def _cover(self, key: bytes, one: PermissionChange, looked_up: bool) -> RuleIndex | None:
        """A rule of both sides that matches a key and leaves no room for a change."""
        changes = self.changes[one.owner, one.name]
        for place in places_at(self.search.matcher, self.search.node(key)):
            if place in self.shared:
                facts = self.pair.facts((self.side, place))
                with_it = [[*rules, facts] for rules in self.here]
                if one[2:] not in changes.where_matched(with_it, looked_up=looked_up):
                    return place
        return None

    def _note(
        self, key: bytes, differences: Sequence[PermissionChange]
    ) -> tuple[PermissionChange, ...]:
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

        def here(nodes: Sequence[Node]) -> list[PermissionChange]:
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
        by_key: dict[bytes, list[PermissionChange]] = {}
        for one, key in known.items():
            by_key.setdefault(key, []).append(one)
        for key, differences in by_key.items():
            yield Found(key, tuple(differences), shows=False)

    def _asked_names(self) -> Names:
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
