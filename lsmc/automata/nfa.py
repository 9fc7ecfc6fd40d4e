"""The position automaton (Glushkov) of a set of numbered patterns.

A position is a set of bytes and the positions that may follow; there are no epsilon moves, so a
state of the subset construction is just a set of positions.  The automaton is built from the end of
each pattern with equal suffixes shared: two positions with the same set and the same followers are
one.  So an alternation with a shared tail has the tail once, and a chain of optional parts
(`{[a-z],}` thirty times over) has one position a part.  Equal beginnings are shared too, part by
part: thirty rules under `@{HOME}` have the positions of the variable once, not thirty times.

Thompson's construction was rejected: its epsilon closures cost more than everything else here.

Pattern number i accepts where the negative id `~i` stands among the followers (or in the start);
sorted tuples therefore lead with what they accept.  `lsmc.kernels.positions` does the work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lsmc.automata.alphabet import SINGLE
from lsmc.kernels.positions import Positions, build

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lsmc.automata.pattern import Pattern

__all__ = ["Nfa", "Positions", "build_nfa"]


class Nfa(NamedTuple):
    """Positions with their symbols and followers, and where matching starts.

    A symbol is a byte, or 256 plus the number of one of the `sets` of bytes.
    """

    symbols: list[int]
    sets: list[int]
    follows: list[Positions]
    start: Positions

    def masks(self) -> list[int]:
        """The set of bytes of each position."""
        sets = [*SINGLE, *self.sets]
        return [sets[symbol] for symbol in self.symbols]


def build_nfa(patterns: Sequence[Pattern]) -> Nfa:
    """The automaton of the patterns, numbered in order."""
    return Nfa(*build(patterns))
