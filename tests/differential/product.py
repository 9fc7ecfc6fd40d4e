"""The product of two automata: every pair of states that some key leads to.

A key is written as a row of stages.  A stage has letters, each the bytes that one side reads and
those that the other reads, since the two need not write a key alike; a stage that repeats takes any
number of them, another one exactly one.  Bytes that neither side tells apart are tried once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

#: Pairs of states that one walk may meet.
LIMIT = 60_000
_READABLE = frozenset(b"abcdefghijklmnopqrstuvwxyz/0123456789")

Letter = tuple[bytes, bytes]


class Stage(NamedTuple):
    """A part of a key: the field that it belongs to, its letters (theirs, ours), how many.

    `last` are letters that end the field, so that the stage behind is passed over.
    """

    field: str
    letters: tuple[Letter, ...]
    repeats: bool = False
    last: tuple[Letter, ...] = ()


class Pair(NamedTuple):
    """Two states that the same key leads to; `stage` is the number of stages behind it."""

    stage: int
    theirs: int
    ours: Any
    number: int


def alphabet(tables: Iterable[Sequence[int]]) -> tuple[int, ...]:
    """One byte, not NUL, of each kind that no table tells apart; readable where there is one."""
    columns = list(tables)
    found: dict[tuple[int, ...], int] = {}
    for byte in sorted(range(1, 256), key=lambda byte: byte not in _READABLE):
        found.setdefault(tuple(column[byte] for column in columns), byte)
    return tuple(sorted(found.values()))


def word(name: str, *letters: Letter) -> tuple[Stage, ...]:
    """One of some letters."""
    return (Stage(name, letters),)


def text(name: str, chosen: Iterable[int], *, empty: bool = False) -> tuple[Stage, ...]:
    """Any bytes but NUL."""
    letters = tuple((bytes((byte,)), bytes((byte,))) for byte in chosen)
    rest = Stage(name, letters, repeats=True)
    return (rest,) if empty else (Stage(name, letters), rest)


#: The NUL between two fields.
NUL = (Stage("", ((b"\0", b"\0"),)),)


@dataclass
class Walk:
    """A walk through two automata; `cut` tells that it met more pairs than it may."""

    theirs: Callable[[int, int], int]
    ours: Callable[[Any, int], Any]
    alive: Callable[[Any], object]
    stages: tuple[Stage, ...]
    cut: bool = False
    met: int = 0
    _from: list[tuple[int, int, bytes]] = field(default_factory=list)
    _prefix: dict[int, dict[str, bytes]] = field(default_factory=dict)

    def pairs(
        self, starts: Iterable[tuple[int, Any, dict[str, bytes]]], limit: int = LIMIT
    ) -> Iterator[Pair]:
        """All pairs, those of the shortest keys first; starts are states and the fields so far."""
        seen: set[Hashable] = set()
        queue: deque[Pair] = deque()

        def meet(stage: int, theirs: int, ours: Any, origin: int, piece: bytes) -> None:
            key = stage, theirs, ours
            if key not in seen and (theirs or self.alive(ours)):
                seen.add(key)
                queue.append(Pair(stage, theirs, ours, len(self._from)))
                self._from.append((origin, stage, piece))

        for theirs, ours, fields in starts:
            self._prefix[len(self._from)] = fields
            meet(0, theirs, ours, -1, b"")
        while queue:
            pair = queue.popleft()
            self.met += 1
            if self.met > limit:
                self.cut = True
                return
            yield pair
            if pair.stage == len(self.stages):
                continue
            stage = self.stages[pair.stage]
            if stage.repeats:
                meet(pair.stage + 1, pair.theirs, pair.ours, pair.number, b"")
            ways = ((stage.letters, not stage.repeats), (stage.last, 2))
            for letters, forward in ways:
                for read, written in letters:
                    theirs, ours = pair.theirs, pair.ours
                    for byte in read:
                        theirs = theirs and self.theirs(theirs, byte)
                    for byte in written:
                        ours = self.ours(ours, byte)
                    meet(pair.stage + forward, theirs, ours, pair.number, written)

    def fields(self, pair: Pair) -> dict[str, bytes]:
        """The key of a pair as fields, as our side writes them."""
        found: dict[str, list[bytes]] = {}
        number = pair.number
        while True:
            origin, _, piece = self._from[number]
            if origin < 0:
                prefix = self._prefix[number]
                break
            before = self._from[origin][1]
            found.setdefault(self.stages[before].field, []).append(piece)
            number = origin
        parts = {name: b"".join(reversed(pieces)) for name, pieces in found.items() if name}
        return {**prefix, **parts}
