"""One automaton with others beside it, for searches along the language of the one.

A product keeps a state of each automaton, dead ones too, and goes on where the one that matters is
dead.  Here a state names the others that are alive, and there is none where the one is dead.  Rules
part in their first bytes, so of many others few live for long.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from lsmc.automata.algebra import Lazy
from lsmc.automata.nfa import Positions

#: The state of the one, and of each other that is alive with its number, ascending.
State: TypeAlias = tuple[Positions, tuple[tuple[int, Positions], ...]]


class Along:
    """The automaton of a numbered pattern, which knows what others match at its members."""

    def __init__(self, number: int, one: Lazy, others: Mapping[int, Lazy]) -> None:
        """Each automaton holds one pattern; the number of the one is not among the others."""
        self._number = number
        self._one = one
        self._others = others
        beside = tuple((other, others[other].start) for other in sorted(others))
        self.start: State = (one.start, beside)

    def edges(self, state: State) -> list[tuple[int, State]]:
        """Disjoint sets of bytes that the one goes on with, each with the state it leads to."""
        mine, beside = state
        found: list[tuple[int, State]] = []
        for mask, target in self._one.edges(mine):
            pieces: list[tuple[int, tuple[tuple[int, Positions], ...]]] = [(mask, ())]
            for number, other in beside:
                edges = self._others[number].edges(other)
                cut: list[tuple[int, tuple[tuple[int, Positions], ...]]] = []
                for piece, held in pieces:
                    rest = piece
                    for edge, after in edges:
                        both = rest & edge
                        if both:
                            cut.append((both, (*held, (number, after))))
                            rest ^= both
                            if not rest:
                                break
                    if rest:
                        cut.append((rest, held))
                pieces = cut
            found += [(piece, (target, held)) for piece, held in pieces]
        return found

    def accepts(self, state: State) -> tuple[int, ...]:
        """The numbers of all that match, ascending; none where the one does not."""
        mine, beside = state
        if not self._one.accepts(mine):
            return ()
        found = [number for number, other in beside if self._others[number].accepts(other)]
        return tuple(sorted((*found, self._number)))
