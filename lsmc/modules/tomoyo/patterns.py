r"""Patterns of TOMOYO as automata over names as the kernel writes them.

A pattern is compared component by component.  A component may subtract others from its first part
(`\*\-.\*`), and `\{dir\}` stands for one directory or more, so these are no patterns of
`lsmc.automata.pattern`; but each is a deterministic automaton (`lsmc.automata.algebra.Automaton`),
made as far as it is walked, and one definition serves matching and exact comparison.

The kernel's comparison has habits that a reader of the manual does not expect, and that decide:

- What stands before the first pattern is compared as text.  A component that begins there is only
  its rest: `/a\*\-ab` subtracts the name `/aab`, not `/ab`.
- When the name ends, a rest of the pattern that is `\*` or `\@` alone is ignored: `/a/\*/\*` has
  `/a/b` too.
- A pattern with a `/` at its end has directories only, any other has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from lsmc.automata.alphabet import mask_of

_DIGIT: Final = mask_of(b"0123456789")
_HEX: Final = mask_of(b"0123456789abcdefABCDEF")
_ALPHA: Final = mask_of(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_BACKSLASH: Final = mask_of(b"\\")
_SLASH: Final = mask_of(b"/")
#: Bytes that stand for themselves in a component.
_PLAIN: Final = mask_of(bytes(range(0x21, 0x7F))) & ~_BACKSLASH & ~_SLASH
_OCTAL: Final = mask_of(b"01234567")

_CONSTANT: Final = re.compile(r"(?:[^\\]|\\\\|\\[0-3][0-7][0-7])*")
_TOKEN: Final = re.compile(r"[^\\]|\\[0-3][0-7][0-7]|\\.|\\", re.DOTALL)
#: States of one pattern whose edges are kept.
_KEPT: Final = 1 << 14
_STARS: Final = re.compile(r"(?:\\[*@])*")

#: One position of a part: the bytes that lead on, each with the position after them.
_Moves: TypeAlias = tuple[tuple[int, int], ...]


class _Part(NamedTuple):
    """What a component holds between subtractions, as a nondeterministic automaton.

    `free` are for each position those that are reached without a byte, itself among them.
    """

    moves: tuple[_Moves, ...]
    free: tuple[frozenset[int], ...]
    end: int

    def after(self, places: frozenset[int], byte: int) -> frozenset[int]:
        """The positions behind a byte."""
        found: frozenset[int] = frozenset()
        for place in places:
            for mask, to in self.moves[place]:
                if mask >> byte & 1:
                    found |= self.free[to]
        return found


class _Builder:
    """Makes a part, piece by piece."""

    def __init__(self) -> None:
        self.moves: list[list[tuple[int, int]]] = [[]]
        self.skips: dict[int, int] = {}
        self.at = 0

    def new(self) -> int:
        """Another position."""
        self.moves.append([])
        return len(self.moves) - 1

    def text(self, text: bytes) -> None:
        """These bytes."""
        for byte in text:
            to = self.new()
            self.moves[self.at].append((1 << byte, to))
            self.at = to

    def one(self, mask: int) -> None:
        """One byte of a set."""
        to = self.new()
        self.moves[self.at].append((mask, to))
        self.at = to

    def some(self, mask: int) -> None:
        """One byte of a set or more."""
        self.one(mask)
        self.moves[self.at].append((mask, self.at))

    def character(self, mask: int, start: int, to: int) -> None:
        """One character as the kernel writes it: a byte of a set, or an escaped one."""
        escape, zero, one, other, last, space, delete = (self.new() for _ in range(7))
        eighth = [(_OCTAL, to)]
        self.moves[start] += [(mask, to), (_BACKSLASH, escape)]
        self.moves[escape] += [
            (_BACKSLASH, to),
            (mask_of(b"0"), zero),
            (mask_of(b"1"), one),
            (mask_of(b"23"), other),
        ]
        self.moves[zero] += [(mask_of(b"0123"), last), (mask_of(b"4"), space)]
        self.moves[one] += [(mask_of(b"7"), delete)]
        self.moves[other] += [(_OCTAL, last)]
        self.moves[last] += eighth
        self.moves[space] += [(mask_of(b"0"), to)]
        self.moves[delete] += [(mask_of(b"7"), to)]

    def any(self, mask: int) -> None:
        """Any number of characters."""
        # the loop is a position of its own, so that two stars in a row stay apart
        loop = self.new()
        self.skips[self.at] = loop
        self.character(mask, loop, loop)
        self.at = loop

    def done(self) -> _Part:
        """The part."""
        free = []
        for place in range(len(self.moves)):
            reached, at = {place}, place
            while at in self.skips:
                at = self.skips[at]
                reached.add(at)
            free.append(frozenset(reached))
        return _Part(tuple(map(tuple, self.moves)), tuple(free), self.at)


def _part(text: str) -> _Part:
    made = _Builder()
    for piece in _TOKEN.findall(text):
        match piece:
            case "\\*":
                made.any(_PLAIN)
            case "\\@":
                made.any(_PLAIN & ~mask_of(b"."))
            case "\\?":
                to = made.new()
                made.character(_PLAIN, made.at, to)
                made.at = to
            case "\\+":
                made.one(_DIGIT)
            case "\\x":
                made.one(_HEX)
            case "\\a":
                made.one(_ALPHA)
            case "\\$":
                made.some(_DIGIT)
            case "\\X":
                made.some(_HEX)
            case "\\A":
                made.some(_ALPHA)
            case _ if (len(piece) == 1 and piece != "\\") or piece == "\\\\" or len(piece) == 4:
                made.text(piece.encode("latin-1"))
            case _:  # no kernel knows it, and a component that has it matches nothing
                made.one(0)
    return made.done()


class _Component(NamedTuple):
    """A component: its first part, those that are taken away from it, and whether it repeats."""

    parts: tuple[_Part, ...]
    repeats: bool

    @property
    def start(self) -> _Places:
        """Where each part starts."""
        return tuple(part.free[0] for part in self.parts)

    def accepts(self, places: _Places) -> bool:
        """Whether the first part ends there and no other does."""
        first, *others = (part.end in at for part, at in zip(self.parts, places, strict=True))
        return first and not any(others)


_Places: TypeAlias = tuple[frozenset[int], ...]
#: A way to read the name so far: the component that is read, and the places in its parts; no
#: places at its beginning, where the name may end before it.
_Thread: TypeAlias = tuple[int, _Places | None]
State: TypeAlias = tuple[int, frozenset[_Thread]]


def _component(text: str, *, rooted: bool) -> _Component | None:
    """A component; None for one that the kernel takes for broken."""
    repeats = text.startswith("\\{")
    if repeats:
        if not rooted or len(text) < 4 or not text.endswith("\\}"):
            return None
        text = text[2:-2]
    pieces = _TOKEN.findall(text)
    parts: list[str] = [""]
    for piece in pieces:
        if piece == "\\-":
            parts.append("")
        else:
            parts[-1] += piece
    return _Component(tuple(map(_part, parts)), repeats)


class Glob:
    """A pattern as an automaton over names; a word without patterns is the name itself.

    A state is how far the text before the first pattern is read, or its length and the ways to
    read what follows.
    """

    __slots__ = ("_components", "_edges", "_ignored", "_trailing", "directory", "prefix", "text")

    def __init__(self, text: str) -> None:
        """Any text is a pattern; one that the kernel takes for broken matches nothing."""
        constant = _CONSTANT.match(text)
        assert constant is not None
        self.text = text
        self.prefix = constant[0].encode("latin-1")
        self.directory = text.endswith("/")
        rest = text[constant.end() :]
        pieces = rest.split("/") if rest else []
        self._components = [
            _component(piece, rooted=bool(number) or self.prefix.endswith(b"/"))
            for number, piece in enumerate(pieces)
        ]
        #: Whether the kernel ignores what follows from each component on, when the name has ended.
        self._ignored = [
            _STARS.fullmatch("/".join(pieces[number:])) is not None
            for number in range(len(pieces) + 1)
        ]
        #: The number of the component behind the last `/`, which takes nothing.
        self._trailing = len(pieces) - 1 if self.directory else len(pieces)
        self._edges: dict[State, tuple[tuple[int, State], ...]] = {}

    @property
    def patterned(self) -> bool:
        """Whether it has patterns, and so may match several names."""
        return bool(self._components)

    @property
    def start(self) -> State:
        """Where matching starts."""
        return self._at(0)

    def _at(self, read: int) -> State:
        """The state behind a beginning of the constant text."""
        first: frozenset[_Thread] = frozenset()
        if read == len(self.prefix) and self._components:
            first = frozenset([(0, None)])
        return read, first

    def edges(self, state: State) -> tuple[tuple[int, State], ...]:
        """Disjoint sets of bytes, each with the live state that it leads to."""
        found = self._edges.get(state)
        if found is None:
            if len(self._edges) > _KEPT:
                self._edges.clear()
            found = self._edges[state] = tuple(self._moves(state))
        return found

    def _moves(self, state: State) -> Iterator[tuple[int, State]]:
        read, threads = state
        if read < len(self.prefix):
            yield 1 << self.prefix[read], self._at(read + 1)
            return
        apart: dict[frozenset[_Thread], int] = {}
        for mask in self._classes(threads):
            byte = (mask & -mask).bit_length() - 1
            after = frozenset(one for thread in threads for one in self._follow(thread, byte))
            if after:
                apart[after] = apart.get(after, 0) | mask
        for after, mask in apart.items():
            yield mask, (read, after)

    def _classes(self, threads: frozenset[_Thread]) -> list[int]:
        """Sets of bytes that no thread tells apart; those that lead nowhere may be left out."""
        classes = [_SLASH, _PLAIN | _BACKSLASH]
        for number, places in threads:
            component = self._components[number]
            if component is None or number == self._trailing:
                continue
            for part, at in zip(component.parts, places or component.start, strict=True):
                for place in at:
                    for mask, _ in part.moves[place]:
                        classes = [
                            piece for one in classes for piece in (one & mask, one & ~mask) if piece
                        ]
        return classes

    def _follow(self, thread: _Thread, byte: int) -> Iterator[_Thread]:
        number, places = thread
        component = self._components[number]
        if component is None or number == self._trailing:
            return
        at = component.start if places is None else places
        if byte != 0x2F:
            after = tuple(
                part.after(known, byte) for part, known in zip(component.parts, at, strict=True)
            )
            if after[0]:
                yield number, after
        elif number + 1 < len(self._components) and component.accepts(at):
            yield number + 1, None
            if component.repeats:
                yield number, None

    def accepts(self, state: State) -> tuple[int, ...]:
        """`(0,)` where the name may end."""
        read, threads = state
        if read < len(self.prefix):
            return ()
        if not self._components:
            return (0,)
        # only behind a `/` is nothing read of a component, and where the patterns begin
        slash = self.prefix.endswith(b"/") or threads != self._at(read)[1]
        return (0,) if any(self._ends(thread, slash=slash) for thread in threads) else ()

    def _ends(self, thread: _Thread, *, slash: bool) -> bool:
        """Whether the name may end here; `slash` says that its last byte is a `/`."""
        number, places = thread
        if places is None:
            return self._ignored[number] and slash == self.directory
        component = self._components[number]
        return (
            component is not None
            and not self.directory
            and not component.repeats
            and component.accepts(places)
            and self._ignored[number + 1]
        )

    def matches(self, name: str) -> bool:
        """Whether it matches a name."""
        if not self._components:
            return name == self.text
        data = name.encode("latin-1")
        if not data.startswith(self.prefix) or name.endswith("/") != self.directory:
            return False
        state = self._at(len(self.prefix))
        for byte in data[len(self.prefix) :]:
            for mask, to in self.edges(state):
                if mask >> byte & 1:
                    state = to
                    break
            else:
                return False
        return bool(self.accepts(state))


@lru_cache(maxsize=1 << 14)
def glob(text: str) -> Glob:
    """The pattern of a word."""
    return Glob(text)
