"""Patterns of all profiles of a run to minimal automata that they share.

What accepts is not a rule but what it says (`Access`): rules that say the same need no states to
tell them apart, and few accesses there are.  A profile is a set of positions to start from, and
equal sets of positions are one state, whoever has them.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lsmc.automata.determinize import classes_of
from lsmc.automata.dfa import StateLimit
from lsmc.automata.pattern import Pattern
from lsmc.kernels.minimise import agree, numbered, refine, rows, sources, split
from lsmc.kernels.positions import Builder, Positions
from lsmc.kernels.subset import subset
from lsmc.modules.apparmor.kernel.words import Access, Words, words

#: Rounds of refinement of all states, which leave few blocks to be split one by one.
_ROUNDS = 32


class Minimal(NamedTuple):
    """States no two of which are equal; 0 is dead.

    Attributes:
        offsets: where the entries of each state begin, and where the last end.
        labels: the bytes of the entries; `targets` the states that they lead to.
        defaults: the state that every other byte leads to.
        words: the words that there are; `word_of` the number of those of each state.
        starts: the state of each start.
    """

    offsets: array[int]
    labels: array[int]
    targets: array[int]
    defaults: array[int]
    words: Sequence[Words]
    word_of: array[int]
    starts: Sequence[int]


class Patterns:
    """Patterns with what they say, as positions."""

    def __init__(self) -> None:
        self._builder = Builder()
        self._accesses: dict[Access, int] = {}

    def start(self, patterns: Iterable[tuple[Pattern, Access]]) -> Positions:
        """The positions where matching of some patterns starts."""
        found: list[Pattern] = []
        numbers: list[int] = []
        for pattern, access in patterns:
            found.append(pattern)
            numbers.append(self._accesses.setdefault(access, len(self._accesses)))
        return self._builder.start(found, numbers)

    def minimal(self, starts: Sequence[Positions], limit: int) -> Minimal:
        """The automata that begin at some starts.

        Raises `StateLimit` for more than `limit` states before equal ones are joined.
        """
        # without any, the dead state alone is built
        distinct = list(dict.fromkeys(starts)) or [()]
        number_of = {start: number for number, start in enumerate(distinct, 1)}
        symbols, follows = self._builder.symbols, self._builder.follows
        classes, sets = classes_of(symbols, self._builder.sets)
        found = subset(
            symbols,
            follows,
            distinct[0],
            sets,
            classes,
            max(classes) + 1,
            limit,
            distinct[1:],
        )
        if found is None:
            raise StateLimit(limit)
        *columns, states = found
        table = _Table(*columns)
        listed, word_of = self._words(states)
        del found, states
        blocks, first = _blocks(table, word_of, max(classes) + 1)
        found_rows = rows(*table, blocks, first, array("B", classes))
        return Minimal(
            *found_rows,
            words=listed,
            word_of=array("I", [word_of[state] for state in first]),
            starts=[blocks[number_of[start]] for start in starts],
        )

    def _words(self, states: Sequence[Positions]) -> tuple[list[Words], array[int]]:
        """The words that there are, and the number of those of each state."""
        accesses = list(self._accesses)
        by_accepted: dict[Positions, int] = {(): 0}
        numbers: dict[Words, int] = {Words(): 0}
        word_of = array("I", bytes(4 * len(states)))
        for state, positions in enumerate(states):
            if not positions or positions[0] >= 0:
                continue
            accepted = positions if positions[-1] < 0 else _accepted(positions)
            number = by_accepted.get(accepted)
            if number is None:
                found = words(accesses[~position] for position in accepted)
                number = by_accepted[accepted] = numbers.setdefault(found, len(numbers))
            word_of[state] = number
        return list(numbers), word_of


def joined(starts: Iterable[Positions]) -> Positions:
    """Where matching starts that starts at several places."""
    return tuple(sorted(set().union(*starts)))


def _accepted(positions: Positions) -> Positions:
    end = 1
    while positions[end] < 0:
        end += 1
    return positions[:end]


class _Table(NamedTuple):
    """Rows as `subset` makes them."""

    offsets: array[int]
    labels: array[int]
    targets: array[int]
    defaults: array[int]


def _blocks(table: _Table, word_of: Sequence[int], classes: int) -> tuple[array[int], array[int]]:
    """The block of equal states of each state, and the first state of each block."""
    seed = 0
    while True:
        blocks, first = _refined(table, word_of, classes, seed)
        if agree(*table, blocks, first, classes):
            return blocks, first
        seed += 1  # two states had one hash


def _refined(
    table: _Table, word_of: Sequence[int], classes: int, seed: int
) -> tuple[array[int], array[int]]:
    """The blocks of states of one colour."""
    numbers = random.Random(seed)  # noqa: S311 - for hashes, the same in each run
    weights = array("Q", [numbers.getrandbits(64) | 1 for _ in range(classes)])
    colour_of = [numbers.getrandbits(64) for _ in range(max(word_of, default=0) + 1)]
    colours = array("Q", [colour_of[number] for number in word_of])
    mixed = array("Q", bytes(8 * len(colours)))
    refine(*table, weights, colours, mixed, _ROUNDS)
    order: dict[int, int] = {}
    blocks = array("I", [order.setdefault(colour, len(order)) for colour in colours])
    sizes = [0] * len(order)
    for block in blocks:
        sizes[block] += 1
    heads, into = sources(table.offsets, table.targets, table.defaults)
    split(*table, weights, heads, into, blocks, sizes)
    return blocks, numbered(blocks, len(sizes))
