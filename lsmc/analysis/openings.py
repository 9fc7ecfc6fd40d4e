"""Finds what rules newly allow when they are added to a profile: exactly, each with an example.

A rule opens something when its language has an object that the profile and the added rules
together allow, and the profile alone does not.  The pair of both automata is walked along that
language, breadth first, to the first such object; reaching none proves that the rule opens nothing.
Both halves of the pair keep their own tables, and only the precedence sees the rules of both, so
nothing is compiled for the pair.  Objects are those that exist: paths as the kernel builds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from lsmc.analysis.differing import by_meaning
from lsmc.analysis.rule_search import ClassView, RuleIndex, RuleQuestion
from lsmc.analysis.semantics import Semantics
from lsmc.automata.algebra import search
from lsmc.automata.dfa import StateLimit
from lsmc.engine.matcher import Matcher, Node
from lsmc.ir.decision import ALLOW
from lsmc.ir.mediation import MediationClass

#: Pairs of states that the search for one access may visit.
_STATES = 20_000


class Opening(NamedTuple):
    """An access that is newly allowed: its key (without the class code) and permission bits."""

    cls: MediationClass
    key: bytes
    mask: int
    owner: bool


class Openings:
    """The accesses that the rules of one profile newly allow in another profile.

    What is wanted (`cls`, `keys`, `wanted`) is left out; `cut` becomes true when a search grew too
    large, so that there may be further openings.
    """

    def __init__(
        self,
        semantics: Semantics,
        old: Matcher,
        new: Matcher,
        cls: MediationClass,
        keys: Sequence[bytes],
        wanted: int,
    ) -> None:
        self.cut = False
        self._semantics = semantics
        self._old, self._new = old, new
        self._cls, self._known = cls, _Known(keys)
        self._wanted = wanted
        self._empty = old.node(())

    def by_rule(self) -> Iterator[Opening]:
        """One opening for each rule that has one, in the order of classes, each access once."""
        found: set[tuple[int, bytes]] = set()
        olds, news = (by_meaning(self._semantics, side) for side in (self._old, self._new))
        for cls in self._semantics.classes.values():
            if not self._semantics.mediates(self._old.profile, cls, cls is self._cls):
                continue
            known = olds.get(cls.code, {})
            for meaning, places in news.get(cls.code, {}).items():
                # a rule that the profile has as well changes nothing
                opening = self._of_rule(cls, places[0]) if meaning not in known else None
                if opening is not None and (cls.code, opening.key) not in found:
                    found.add((cls.code, opening.key))
                    yield opening

    def of_class(self) -> Iterator[Opening]:
        """Accesses of the request's class, each allowed in another way, shortest first."""
        seen: set[tuple[int, int]] = set()
        while (opening := self._search(self._cls, None, seen)) is not None:
            first, second = self._nodes(self._cls, opening.key)
            seen.add((id(first), id(second)))
            yield opening

    def _of_rule(self, cls: MediationClass, place: RuleIndex) -> Opening | None:
        question = RuleQuestion(self._new, place)
        if question.rule.rule.facts.effect != ALLOW:
            return None
        for key in question.samples():
            if self._semantics.is_requestable(cls, key):
                opening = self._opening(cls, key)
                if opening is not None:
                    return opening
        return self._search(cls, question, set())

    def _search(
        self, cls: MediationClass, along: RuleQuestion | None, seen: set[tuple[int, int]]
    ) -> Opening | None:
        real = self._semantics.requestable(cls, False)
        views: list[Any] = [ClassView(self._new, cls.code), ClassView(self._old, cls.code), real]
        asked = len(views)
        if cls is self._cls:
            views.append(self._known)

        def goal(states: Sequence[Any]) -> bool:
            first, second = states[0], states[1] or self._empty
            if first is None or (id(first), id(second)) in seen:
                return False
            if states[2] is None or not real.accepts(states[2]):
                return False
            if along is not None and not along.matches(first):
                return False
            same = cls is self._cls and states[asked] is not None
            same = same and bool(self._known.accepts(states[asked]))
            return next(self._gains(cls, first, second, same), None) is not None

        def alive(states: Sequence[Any]) -> bool:
            if states[2] is None:
                return False
            if along is not None:
                return along.alive(states[0])
            return states[0] is not None and bool(states[0].live)

        try:
            key = search(views, goal, alive=alive, limit=_STATES)
        except StateLimit:
            self.cut = True
            return None
        return self._opening(cls, key) if key is not None else None

    def _opening(self, cls: MediationClass, key: bytes) -> Opening | None:
        first, second = self._nodes(cls, key)
        same = cls is self._cls and key in self._known.keys
        gain = next(self._gains(cls, first, second, same), None)
        return Opening(cls, key, *gain) if gain is not None else None

    def _nodes(self, cls: MediationClass, key: bytes) -> tuple[Node, Node]:
        whole = bytes((cls.code,)) + key
        return self._new.walk(whole), self._old.walk(whole)

    def _gains(
        self, cls: MediationClass, first: Node, second: Node, same: bool
    ) -> Iterator[tuple[int, bool]]:
        """The permission bits that both together newly allow, and for which owner side."""
        added = [match.rule.facts for match in self._new.matched(first)]
        if not added:
            return
        facts = [*added, *(match.rule.facts for match in self._old.matched(second))]
        decide = self._semantics.decide
        for owner in (True, False):
            gain = decide(facts, cls, owner).allow & ~self._old.decide(second, cls, owner).allow
            if same:
                gain &= ~self._wanted
            if gain:
                yield gain, owner


class _Known:
    """The automaton of some keys, to distinguish them from others that lead to the same states.

    A state is the range of the keys, in order, that begin with what was read, and how long that is.
    """

    def __init__(self, keys: Iterable[bytes]) -> None:
        self.keys = sorted(set(keys))
        self.start = (0, len(self.keys), 0)

    def edges(self, state: tuple[int, int, int]) -> list[tuple[int, tuple[int, int, int]]]:
        """Where a state leads."""
        first, last, length = state
        ranges: dict[int, tuple[int, int]] = {}
        for number in range(first, last):
            if len(self.keys[number]) > length:
                byte = self.keys[number][length]
                ranges[byte] = ranges.get(byte, (number, 0))[0], number + 1
        return [(1 << byte, (*some, length + 1)) for byte, some in ranges.items()]

    def accepts(self, state: tuple[int, int, int]) -> tuple[int, ...]:
        """Whether a key is complete."""
        first, last, length = state
        return (0,) if first < last and len(self.keys[first]) == length else ()
