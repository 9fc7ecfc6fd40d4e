"""The position automaton (Glushkov) of a set of numbered patterns.

A position is a set of bytes and the positions that may follow; there are no epsilon moves, so a
state of the subset construction is just a set of positions.  The automaton is built from the end of
each pattern with equal suffixes shared: two positions with the same set and the same followers are
one.  So an alternation with a shared tail has the tail once, and a chain of optional parts
(`{[a-z],}` thirty times over) has one position a part.  Equal beginnings are shared too, part by
part: thirty rules under `@{HOME}` have the positions of the variable once, not thirty times.

Thompson's construction was rejected: its epsilon closures cost more than everything else here.

Pattern number i accepts where the negative id `~i` stands among the followers (or in the start);
sorted tuples therefore lead with what they accept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsmc.automata.alphabet import SINGLE
from lsmc.automata.pattern import Chars, Concat, Literal, Pattern, Star, Union

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Positions = tuple[int, ...]

# Literals are shared up to a `/`: byte by byte would be more sharing than it costs to find.
_PIECES = re.compile(rb"[^/]*/|[^/]+")


@dataclass(frozen=True, slots=True)
class Nfa:
    """Positions with their byte sets and followers, and where matching starts."""

    masks: list[int]
    follows: list[Positions]
    start: Positions


def build_nfa(patterns: Sequence[Pattern]) -> Nfa:
    """The automaton of the patterns, numbered in order."""
    # Nodes of a tree of the patterns' leading parts, each created after its parent.
    children: list[dict[Pattern | bytes, int]] = [{}]
    accepted: list[list[int]] = [[]]
    for number, pattern in enumerate(patterns):
        node = 0
        for symbol in _symbols(pattern):
            child = children[node].get(symbol)
            if child is None:
                child = children[node][symbol] = len(children)
                children.append({})
                accepted.append([])
            node = child
        accepted[node].append(~number)
    builder = _Builder()
    starts: list[Positions] = [()] * len(children)
    for node in range(len(children) - 1, -1, -1):
        edges = children[node]
        if len(edges) == 1 and not accepted[node]:
            symbol, child = next(iter(edges.items()))
            starts[node] = builder.before_symbol(symbol, starts[child])
            continue
        found = set(accepted[node])
        for symbol, child in edges.items():
            found.update(builder.before_symbol(symbol, starts[child]))
        starts[node] = tuple(sorted(found))
    return Nfa(builder.masks, builder.follows, starts[0])


def _symbols(pattern: Pattern) -> Iterator[Pattern | bytes]:
    """A pattern cut into the pieces that are shared when patterns begin alike."""
    for part in pattern.parts if isinstance(pattern, Concat) else (pattern,):
        if isinstance(part, Literal):
            yield from _PIECES.findall(part.text)
        else:
            yield part


class _Builder:
    """Positions made so far; the one place that numbers them."""

    __slots__ = ("covers", "follows", "known", "masks")

    def __init__(self) -> None:
        self.masks: list[int] = []
        self.follows: list[Positions] = []
        self.known: dict[tuple[int, Positions], int] = {}
        self.covers: dict[tuple[int, int], bool] = {}

    def before_symbol(self, symbol: Pattern | bytes, follow: Positions) -> Positions:
        """As `before`, for a piece of a pattern."""
        if not isinstance(symbol, bytes):
            return self.before(symbol, follow)
        if not follow:
            return ()
        # Written out, without a call a byte: most positions are made here.
        known, masks, follows = self.known, self.masks, self.follows
        for byte in reversed(symbol):
            key = (SINGLE[byte], follow)
            position = known.get(key)
            if position is None:
                position = known[key] = len(masks)
                masks.append(key[0])
                follows.append(follow)
            follow = (position,)
        return follow

    def before(self, pattern: Pattern, follow: Positions) -> Positions:
        """The positions where matching `pattern`, then whatever `follow` starts, begins."""
        if not follow:
            return ()
        match pattern:
            case Literal(text):
                return self.before_symbol(text, follow)
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
                if found.issuperset(follow):
                    found.difference_update(self._covered(found, follow))
                return tuple(sorted(found))

    def _covered(self, found: set[int], follow: Positions) -> list[int]:
        """The positions behind an optional part that one of the part's own makes needless.

        In `{[0-9],}{[0-9],}` whatever the second digit goes on to match, the first does too; so the
        chain leaves one position active at a time, not all of them.
        """
        own = found.difference(follow)
        return [
            position
            for position in follow
            if position >= 0 and any(self._covers(other, position, 2) for other in own)
        ]

    def _covers(self, more: int, less: int, depth: int) -> bool:
        """Whether position `more` matches all that `less` does; False if unsure."""
        if more == less or more < 0 or less < 0 or self.masks[less] & ~self.masks[more]:
            return more == less
        known = self.covers.get((more, less))
        if known is None:
            known = depth > 0 and all(
                wanted in self.follows[more]
                or any(self._covers(after, wanted, depth - 1) for after in self.follows[more])
                for wanted in self.follows[less]
            )
            self.covers[more, less] = known
        return known

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
