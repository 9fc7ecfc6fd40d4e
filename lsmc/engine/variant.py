"""A profile with a few rules changed, decided on the tables of the profile as it is.

Which rules match does not depend on what they grant: so a rule that grants something else, or is
gone, needs no new tables.  A rule that matches something else is taken out, and its new language is
walked beside the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from lsmc.automata.alphabet import ALL
from lsmc.engine.matcher import MatchedRule, Matcher, Node

if TYPE_CHECKING:
    from lsmc.automata.algebra import Automaton


class Added(NamedTuple):
    """A rule that stands beside the tables: its language, with the class code, and the rule."""

    language: Automaton[Any]
    rule: MatchedRule


class _Varied(Node):
    """A node of the profile as it is, and where it stands in the added languages."""

    __slots__ = ("added", "base")

    def __init__(self, base: Node, added: tuple[Any, ...]) -> None:
        super().__init__(base.live)
        self.base = base
        self.added = added


class Variant(Matcher):
    """Matches keys as another matcher does, with the rules that it finds rewritten."""

    def __init__(
        self,
        base: Matcher,
        rewrite: Callable[[MatchedRule], MatchedRule | None],
        added: Sequence[Added] = (),
    ) -> None:
        """`rewrite` gives what becomes of a rule that matches, None for one that is gone."""
        self.base = base
        self.profile = base.profile
        self.precedence = base.precedence
        self._rewrite = rewrite
        self._added = added
        self._variants: dict[tuple[Node, tuple[Any, ...]], _Varied] = {}

    def node(self, live: tuple[tuple[int, int], ...]) -> Node:
        """The node of some states of the tables where no added rule is alive."""
        return self._at(self.base.node(live), (None,) * len(self._added))

    def walk(self, key: bytes) -> Node:
        """The node that a key leads to."""
        states = tuple(_walk(one.language, key) for one in self._added)
        return self._at(self.base.walk(key), states)

    def step(self, node: Node, byte: int) -> Node:
        """The node that one byte leads to from a node."""
        assert isinstance(node, _Varied)
        states = zip(self._added, node.added, strict=True)
        added = tuple(_step(one.language, state, byte) for one, state in states)
        return self._at(self.base.step(node.base, byte), added)

    def forget(self) -> None:
        """Drop all nodes computed so far."""
        self._variants.clear()
        self.base.forget()

    def edges(self, node: Node) -> tuple[tuple[int, Node], ...]:
        """The edges of a node: disjoint sets of bytes, each with a node that is alive."""
        assert isinstance(node, _Varied)
        if node.successors is None:
            pieces: list[tuple[int, Node, tuple[Any, ...]]] = []
            dead, rest = self.base.node(()), ALL
            for mask, to in self.base.edges(node.base):
                pieces.append((mask, to, ()))
                rest &= ~mask
            pieces.append((rest, dead, ()))
            for one, state in zip(self._added, node.added, strict=True):
                pieces = [
                    (both, to, (*before, after))
                    for mask, to, before in pieces
                    for edge, after in _edges(one.language, state)
                    if (both := mask & edge)
                ]
            node.successors = tuple(
                (mask, self._at(to, states))
                for mask, to, states in pieces
                if mask and (to is not dead or any(state is not None for state in states))
            )
        return node.successors

    def matched(self, node: Node) -> tuple[MatchedRule, ...]:
        """The rules that match at a node, in the order of the profile's units."""
        assert isinstance(node, _Varied)
        if node.matched is None:
            found = [self._rewrite(match) for match in self.base.matched(node.base)]
            found += [
                one.rule
                for one, state in zip(self._added, node.added, strict=True)
                if state is not None and one.language.accepts(state)
            ]
            kept = [match for match in found if match is not None]
            node.matched = tuple(sorted(kept, key=lambda match: match.rule.facts.id))
        return node.matched

    def _at(self, base: Node, added: tuple[Any, ...]) -> _Varied:
        key = (base, added)
        node = self._variants.get(key)
        if node is None:
            node = self._variants[key] = _Varied(base, added)
        return node


def _edges(language: Automaton[Any], state: Any) -> list[tuple[int, Any]]:
    """Where a state leads, by disjoint sets that cover all bytes; None is the dead state."""
    rest = ALL
    found: list[tuple[int, Any]] = []
    for mask, to in language.edges(state) if state is not None else ():
        found.append((mask, to))
        rest &= ~mask
    return [*found, (rest, None)]


def _walk(language: Automaton[Any], key: bytes) -> Any:
    """The state that a key leads to, None when the language is left."""
    state: Any = language.start
    for byte in key:
        state = _step(language, state, byte)
    return state


def _step(language: Automaton[Any], state: Any, byte: int) -> Any:
    """The state that a byte leads to, None when the language is left."""
    edges = language.edges(state) if state is not None else ()
    return next((to for mask, to in edges if mask >> byte & 1), None)
