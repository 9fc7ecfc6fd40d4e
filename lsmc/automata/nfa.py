"""The position automaton (Glushkov) of a set of numbered patterns.

A position is a set of bytes and the positions that may follow; there are no epsilon moves, so a
state of the subset construction is just a set of positions.  The automaton is built from the end of
each pattern with equal suffixes shared: two positions with the same set and the same followers are
one.  So an alternation with a shared tail has the tail once, and a chain of optional parts
(`{[a-z],}` thirty times over) has one position a part.

Thompson's construction was rejected: its epsilon closures cost more than everything else here.

Pattern number i accepts where the negative id `~i` stands among the followers (or in the start);
sorted tuples therefore lead with what they accept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsmc.automata.alphabet import SINGLE
from lsmc.automata.pattern import Chars, Concat, Literal, Pattern, Star, Union

if TYPE_CHECKING:
    from collections.abc import Sequence

Positions = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Nfa:
    """Positions with their byte sets and followers, and where matching starts."""

    masks: list[int]
    follows: list[Positions]
    start: Positions


def build_nfa(patterns: Sequence[Pattern]) -> Nfa:
    """The automaton of the patterns, numbered in order."""
    builder = _Builder()
    start: set[int] = set()
    for number, pattern in enumerate(patterns):
        start.update(builder.before(pattern, (~number,)))
    return Nfa(builder.masks, builder.follows, tuple(sorted(start)))


class _Builder:
    """Positions made so far; the one place that numbers them."""

    __slots__ = ("follows", "known", "masks")

    def __init__(self) -> None:
        self.masks: list[int] = []
        self.follows: list[Positions] = []
        self.known: dict[tuple[int, Positions], int] = {}

    def before(self, pattern: Pattern, follow: Positions) -> Positions:
        """The positions where matching `pattern`, then whatever `follow` starts, begins."""
        if not follow:
            return ()
        match pattern:
            case Literal(text):
                for byte in reversed(text):
                    follow = (self._position(SINGLE[byte], follow),)
                return follow
            case Chars(mask):
                return (self._position(mask, follow),) if mask else ()
            case Star(mask):
                return self._loop(mask, follow) if mask else follow
            case Concat(parts):
                for part in reversed(parts):
                    follow = self.before(part, follow)
                return follow
            case Union(options):
                found: set[int] = set()
                for option in options:
                    found.update(self.before(option, follow))
                return tuple(sorted(found))

    def _position(self, mask: int, follow: Positions) -> int:
        key = (mask, follow)
        position = self.known.get(key)
        if position is None:
            position = self.known[key] = len(self.masks)
            self.masks.append(mask)
            self.follows.append(follow)
        return position

    def _loop(self, mask: int, follow: Positions) -> Positions:
        """A position that follows itself; `~mask` keys it apart from plain positions."""
        for position in follow:
            # A loop over the same set right behind adds nothing: `**` written `***`.
            if position >= 0 and self.masks[position] == mask and self.follows[position] == follow:
                return follow
        position = self.known.get((~mask, follow), -1)
        if position < 0:
            position = self.known[~mask, follow] = len(self.masks)
            self.masks.append(mask)
            self.follows.append((*follow, position))
        return self.follows[position]
