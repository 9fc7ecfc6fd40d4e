"""Building a position automaton: the hot loops behind `lsmc.automata.nfa`, which says what it is.

A position is a symbol and the positions that follow it.  A symbol is a byte, or 256 plus the number
of a set of bytes.  What follows most positions is one other position, so a set of followers has a
number that needs no table for these: twice the position; other sets have odd numbers.  A symbol and
a number of followers make one integer, by which equal positions are found.

Patterns are read by their attributes `kind`, `text`, `mask`, `parts` and `options`; this package
imports nothing of the rest.  The source is compiled by Cython where it can be; uncompiled it runs
as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lsmc.kernels import _nocython as cython

if cython.compiled:
    import cython  # type: ignore[no-redef]

Positions = tuple[int, ...]

#: What a pattern is, as its `kind` says.
LITERAL, CHARS, STAR, CONCAT, UNION = range(5)

_FOLLOW = 40  # bits of a key that hold the number of the followers
_DEPTH = 2  # how far `_covers` looks


def build(
    patterns: Sequence[Any],
) -> tuple[list[int], list[int], list[Positions], Positions]:
    """The automaton of numbered patterns: symbols, sets, followers, and where matching starts.

    Sets are masks of 256 bits.  Pattern number i accepts where `~i` stands among the followers.
    """
    builder = Builder()
    start = builder.start(patterns, range(len(patterns)))
    return builder.symbols, builder.sets, builder.follows, start


def pieces(pattern: Any) -> list[Any]:
    """A pattern cut into the pieces that are shared when patterns begin alike.

    Texts are cut behind each `/`: byte by byte would be more sharing than it costs to find.  A set
    of bytes stands for itself, its complement for a loop over it.
    """
    found: list[Any] = []
    for part in pattern.parts if pattern.kind == CONCAT else (pattern,):
        kind = part.kind
        if kind == LITERAL:
            text = part.text
            start = 0
            while start < len(text):
                end = text.find(b"/", start) + 1 or len(text)
                found.append(text[start:end])
                start = end
        elif kind == CHARS:
            found.append(part.mask)
        elif kind == STAR:
            found.append(~part.mask)
        else:
            found.append(part)
    return found


@cython.cclass
class Builder:
    """Positions made so far; the one place that numbers them."""

    symbols = cython.declare("list", visibility="readonly")
    sets = cython.declare("list", visibility="readonly")
    follows = cython.declare("list", visibility="readonly")
    _known = cython.declare("dict")
    _set_numbers = cython.declare("dict")
    _follow_numbers = cython.declare("dict")
    _covered = cython.declare("dict")

    def __init__(self) -> None:
        self.symbols = []
        self.sets = []
        self.follows = []
        self._known = {}  # key of a position -> position
        self._set_numbers = {}  # mask -> symbol
        self._follow_numbers = {}  # followers -> their number
        self._covered = {}  # two positions -> whether the first covers the second

    @cython.locals(node="int", child="int")
    def start(self, patterns: Iterable[Any], numbers: Iterable[int]) -> Positions:
        """Where matching of some patterns starts, each with the number that it accepts.

        What the patterns begin with alike has its positions once.
        """
        # Nodes of a tree of the patterns' leading parts, each created after its parent.
        children: list[dict[Any, int]] = [{}]
        accepted: list[list[int]] = [[]]
        for pattern, number in zip(patterns, numbers, strict=True):
            node = 0
            for symbol in pieces(pattern):
                edges = children[node]
                child = edges.get(symbol, -1)
                if child < 0:
                    child = edges[symbol] = len(children)
                    children.append({})
                    accepted.append([])
                node = child
            accepted[node].append(~number)
        starts: list[Positions] = [()] * len(children)
        for node in range(len(children) - 1, -1, -1):
            edges = children[node]
            if len(edges) == 1 and not accepted[node]:
                for symbol, child in edges.items():
                    starts[node] = self.before(symbol, starts[child])
                continue
            found = set(accepted[node])
            for symbol, child in edges.items():
                found.update(self.before(symbol, starts[child]))
            starts[node] = tuple(sorted(found))
        return starts[0]

    def before(self, piece: Any, follow: Positions) -> Positions:
        """The positions where matching a piece, then whatever `follow` starts, begins."""
        if not follow:
            return ()
        if isinstance(piece, bytes):
            return self._text(piece, follow)
        if isinstance(piece, int):
            return self._loop(~piece, follow) if piece < 0 else self._chars(piece, follow)
        return self._before(piece, follow)

    @cython.cfunc
    @cython.locals(kind="int")
    @cython.returns("object")
    def _before(self, pattern: Any, follow: Positions) -> Positions:
        """The same for a pattern."""
        kind = pattern.kind
        if not follow:
            return ()
        if kind == LITERAL:
            return self._text(pattern.text, follow)
        if kind == CHARS:
            return self._chars(pattern.mask, follow)
        if kind == STAR:
            return self._loop(pattern.mask, follow)
        if kind == CONCAT:
            for part in reversed(pattern.parts):
                follow = self._before(part, follow)
            return follow
        found: set[int] = set()
        for option in pattern.options:
            found.update(self._before(option, follow))
        if found.issuperset(follow):
            found.difference_update(self._needless(found, follow))
        return tuple(sorted(found))

    @cython.cfunc
    @cython.locals(number="long long", position="long long", at="int")
    @cython.returns("object")
    def _text(self, text: bytes, follow: Positions) -> Positions:
        if not text:
            return follow
        number = self._number(follow)
        position = -1
        for at in range(len(text) - 1, -1, -1):
            position = self._position(text[at], number, follow)
            number = 2 * position
            follow = ()
        return (position,)

    @cython.cfunc
    @cython.returns("object")
    def _chars(self, mask: int, follow: Positions) -> Positions:
        if not mask:
            return ()
        return (self._position(self._symbol(mask), self._number(follow), follow),)

    @cython.cfunc
    @cython.locals(position="long long", symbol="long long")
    @cython.returns("object")
    def _loop(self, mask: int, follow: Positions) -> Positions:
        """A position that follows itself; a bit of its own keys it apart from plain positions."""
        if not mask:
            return follow
        symbol = self._symbol(mask)
        for before in follow:
            # A loop over the same set right behind adds nothing: `**` written `***`.
            if before >= 0 and self.symbols[before] == symbol and self.follows[before] == follow:
                return follow
        key = (symbol << 1 | 1) << _FOLLOW | self._number(follow)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = len(self.symbols)
            self.symbols.append(symbol)
            self.follows.append((*follow, known))
        found: Positions = self.follows[known]
        return found

    @cython.cfunc
    @cython.returns("long long")
    @cython.locals(key="long long")
    def _position(self, symbol: cython.longlong, number: cython.longlong, follow: Positions) -> int:
        """The position of a symbol before the followers with a number; `()` stands for one."""
        key = symbol << 1 << _FOLLOW | number
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = len(self.symbols)
            self.symbols.append(symbol)
            self.follows.append(follow or (number >> 1,))
        position: int = known
        return position

    @cython.cfunc
    @cython.returns("long long")
    def _symbol(self, mask: int) -> int:
        if not mask & (mask - 1):
            return mask.bit_length() - 1
        known = self._set_numbers.get(mask)
        if known is None:
            known = self._set_numbers[mask] = 256 + len(self.sets)
            self.sets.append(mask)
        symbol: int = known
        return symbol

    @cython.cfunc
    @cython.returns("long long")
    def _number(self, follow: Positions) -> int:
        if len(follow) == 1 and follow[0] >= 0:
            return 2 * follow[0]
        known = self._follow_numbers.get(follow)
        if known is None:
            known = self._follow_numbers[follow] = 2 * len(self._follow_numbers) + 1
        number: int = known
        return number

    @cython.cfunc
    def _needless(self, found: set[int], follow: Positions) -> list[int]:
        """The positions behind an optional part that one of the part's own makes needless.

        In `{[0-9],}{[0-9],}` whatever the second digit goes on to match, the first does too; so the
        chain leaves one position active at a time, not all of them.
        """
        own = found.difference(follow)
        needless: list[int] = []
        for position in follow:
            if position >= 0:
                for other in own:
                    if self._covers(other, position, _DEPTH):
                        needless.append(position)
                        break
        return needless

    @cython.cfunc
    @cython.returns("bint")
    def _covers(self, more: int, less: int, depth: cython.longlong) -> bool:
        """Whether position `more` matches all that `less` does; False if unsure."""
        if more == less:
            return True
        if more < 0 or less < 0 or not self._within(self.symbols[less], self.symbols[more]):
            return False
        key = (more, less)
        known = self._covered.get(key)
        if known is None:
            known = depth > 0 and self._all_covered(self.follows[more], self.follows[less], depth)
            self._covered[key] = known
        covers: bool = known
        return covers

    @cython.cfunc
    @cython.returns("bint")
    def _all_covered(self, more: Positions, less: Positions, depth: cython.longlong) -> bool:
        for wanted in less:
            if wanted in more:
                continue
            for after in more:
                if self._covers(after, wanted, depth - 1):
                    break
            else:
                return False
        return True

    @cython.cfunc
    @cython.returns("bint")
    def _within(self, less: int, more: int) -> bool:
        """Whether the bytes of one symbol are among those of another."""
        if less == more:
            return True
        if more < 256:
            return False
        mask: int = self.sets[more - 256]
        if less < 256:
            return bool(mask >> less & 1)
        return not self.sets[less - 256] & ~mask
