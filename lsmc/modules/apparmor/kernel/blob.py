"""An automaton as the kernel reads it: the tables of security/apparmor/match.c.

All numbers are big-endian.  A header of 24 bytes is followed by tables, each with a header of 12
bytes and padded to 8.  An entry of the table `next` counts for a state if that of `check` at its
place names the state; otherwise the state's default does.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping, Sequence
from itertools import pairwise
from struct import Struct
from typing import NamedTuple

from lsmc.automata.dfa import StateLimit
from lsmc.ir.mediation import Transition
from lsmc.kernels.comb import largest_first, pack, picked, places, reach
from lsmc.modules.apparmor.kernel.automata import Minimal
from lsmc.modules.apparmor.kernel.permissions import Entry, file_entries, other_entry
from lsmc.modules.apparmor.kernel.words import FIRST_TARGET, with_target

#: States that numbers of 16 bits tell apart; the compiler stops below.
MAX_STATES = 65_534
#: Places that a table may have: a base has 24 bits.
_MAX_PLACES = 1 << 24
_MAGIC = 0x1B5E783D
_HEADER = Struct(">IIIH8s2x")
_TABLE = Struct(">HHII")
#: In the header: that there are steps that no byte takes; at a base: that its state has one.
_STEPS, _HAS_STEP = 2, 0x20000000
_ACCEPT, _BASE, _CHECK, _DEFAULT, _ACCEPT2, _NEXT = 1, 2, 3, 4, 7, 8
#: Codes of arrays by the bytes of an entry.
_WIDTHS = {"I": 4, "H": 2}


class Part(NamedTuple):
    """What a state of some automata reaches, in numbers of its own; 0 is dead, 1 the start.

    Attributes:
        states: the states as the automata number them.
        offsets: where the entries of each state begin, and where the last end.
        labels: the bytes of the entries; `targets` the states that they lead to.
        defaults: the state that every other byte leads to.
    """

    states: array[int]
    offsets: array[int]
    labels: array[int]
    targets: array[int]
    defaults: array[int]


class Database(NamedTuple):
    """An automaton as the kernel reads it, with what its states permit.

    Attributes:
        automaton: its tables.
        permissions: the entries that the words of its states are indices of; none where the words
            say themselves what is permitted.
        flagged: whether a second word of each state tells that its entry has one for others behind
            it; without that it always has for files, and never for all else.
    """

    automaton: bytes
    permissions: Sequence[Entry] = ()
    flagged: bool = False


def part_from(minimal: Minimal, start: int, numbers: array[int], wide: bool) -> Part:
    """The part of some automata that begins at a state; raises `StateLimit`.

    `numbers` is room for a number for each state, all 0; with `wide` they may have 32 bits.
    """
    part = Part(
        *reach(start, minimal.offsets, minimal.labels, minimal.targets, minimal.defaults, numbers)
    )
    if len(part.states) > MAX_STATES and not wide:
        raise StateLimit(MAX_STATES)
    return part


def database(
    minimal: Minimal,
    part: Part,
    targets: Mapping[Transition, int],
    files: bool = False,
    version: int = 0,
    steps: Mapping[int, int] | None = None,
) -> Database:
    """A part of some automata as the kernel reads it; raises ValueError for too large a table.

    Args:
        minimal: the automata.
        part: the part.
        targets: the places of the named targets in the profile's table.
        files: whether it is about files, with permissions of owners and of others.
        version: that of the kernel's tables of permissions, 0 for words.
        steps: where steps that no byte takes lead to, by state.
    """
    states, offsets, labels, to, defaults = part
    steps = steps or {}
    order = largest_first(offsets)
    if steps:
        order = array("I", (state for state in order if state not in steps))
    bases, size = pack(offsets, labels, order)
    for state in steps:
        bases[state] = size + 1  # the place before it is the step's
        size = bases[state] + 256
    if size > _MAX_PLACES:
        raise ValueError(f"a table of {size} transitions: the format has room for {_MAX_PLACES}")
    wide = len(states) > MAX_STATES
    nexts, checks = (_wide_places if wide else places)(offsets, labels, to, bases, size)
    for state, target in steps.items():
        nexts[bases[state] - 1], checks[bases[state] - 1] = target, state
        bases[state] |= _HAS_STEP
    words = _words(minimal, states, targets)
    entries: Sequence[Entry] = ()
    if version:
        words, entries = _indexed(words, files, version)
    tables = {
        _ACCEPT: words[0],
        _BASE: bases,
        _DEFAULT: defaults if wide else array("H", defaults),
        _NEXT: nexts,
        _CHECK: checks,
    }
    flagged = bool(version > 2 and files)
    if flagged or not version:
        tables[_ACCEPT2] = words[1]
    return Database(_tables(tables, _STEPS if steps else 0), entries, flagged)


def _wide_places(
    offsets: array[int], labels: array[int], targets: array[int], bases: array[int], size: int
) -> tuple[array[int], array[int]]:
    """As `places`, for numbers of 32 bits."""
    nexts, checks = array("I", bytes(4 * size)), array("I", bytes(4 * size))
    for state, (base, (begin, end)) in enumerate(zip(bases, pairwise(offsets), strict=True)):
        for at in range(begin, end):
            nexts[base + labels[at]] = targets[at]
            checks[base + labels[at]] = state
    return nexts, checks


def _indexed(
    words: Sequence[array[int]], files: bool, version: int
) -> tuple[Sequence[array[int]], Sequence[Entry]]:
    """Words as indices of a table and flags, and the table; equal entries have one place."""
    entries: list[Entry] = []
    places_of: dict[tuple[Entry, ...], int] = {}
    known: dict[tuple[int, ...], tuple[int, int]] = {}
    indices, flags = array("I"), array("I")
    for word in zip(*words, strict=True):
        found = known.get(word)
        if found is None:
            allow, logs, prompt = word
            some: tuple[Entry, ...]
            if files:
                some = file_entries(allow, logs, prompt)
            else:
                some = (other_entry(allow, logs, prompt),)
            if version > 2 and some[0] == some[-1]:
                some = some[:1]
            if some not in places_of:
                places_of[some] = len(entries)
                entries += some
            found = known[word] = places_of[some], int(len(some) > 1)
        indices.append(found[0])
        flags.append(found[1])
    return (indices, flags), entries


def named_targets(minimal: Minimal, part: Part) -> list[Transition]:
    """The named targets of executions in a part of some automata, in the order of the walk."""
    found: dict[Transition, None] = {}
    for number in dict.fromkeys(picked(minimal.word_of, part.states)):
        word = minimal.words[number]
        for target in (word.owner_target, word.other_target):
            if target is not None:
                found[target] = None
    return list(found)


def _words(
    minimal: Minimal, states: array[int], targets: Mapping[Transition, int]
) -> Sequence[array[int]]:
    """The words of states, with the indices of named targets, and what they prompt."""
    numbers = picked(minimal.word_of, states)
    allow, logs, prompt = (array("I", bytes(4 * len(minimal.words))) for _ in range(3))
    for number in set(numbers):
        word = minimal.words[number]
        indices = (
            FIRST_TARGET + targets[target] if target is not None else 0
            for target in (word.owner_target, word.other_target)
        )
        allow[number] = with_target(word, *indices)
        logs[number], prompt[number] = word.logs, word.prompt
    return [picked(column, numbers) for column in (allow, logs, prompt)]


def _tables(tables: Mapping[int, array[int]], flags: int) -> bytes:
    parts: list[bytes] = []
    for number, entries in sorted(tables.items()):
        width = _WIDTHS[entries.typecode]
        if sys.byteorder == "little":
            entries.byteswap()
        data = _TABLE.pack(number, width, 0, len(entries)) + entries.tobytes()
        parts.append(data + bytes(-len(data) % 8))
    body = b"".join(parts)
    return _HEADER.pack(_MAGIC, _HEADER.size, _HEADER.size + len(body), flags, b"notflex\0") + body
