"""Packs the rows of an automaton into one table, each into the gaps of others.

The rows are those of a table-driven matcher that keeps, for each state, a base and a default: the
entry of a byte stands at the base plus the byte, and counts if the place belongs to the state.

The source is compiled by Cython where it can be; uncompiled it runs as it stands.
"""

from __future__ import annotations

from array import array

from lsmc.kernels import _nocython as cython

if cython.compiled:
    import cython  # type: ignore[no-redef]


@cython.boundscheck(False)
@cython.wraparound(False)
@cython.locals(
    offsets="unsigned int[::1]",
    labels="unsigned char[::1]",
    targets="unsigned int[::1]",
    defaults="unsigned int[::1]",
    numbers="unsigned int[::1]",
    found="unsigned int[::1]",
    to_offsets="unsigned int[::1]",
    to_labels="unsigned char[::1]",
    to_targets="unsigned int[::1]",
    to_defaults="unsigned int[::1]",
    index="long long",
    count="long long",
    size="long long",
    state="long long",
    at="long long",
    to="long long",
    target="unsigned int",
)
def reach(
    start: int,
    offsets: array[int],
    labels: array[int],
    targets: array[int],
    defaults: array[int],
    numbers: array[int],
) -> tuple[array[int], array[int], array[int], array[int], array[int]]:
    """The part of an automaton that a state reaches, numbered in the order of the walk.

    State 0 is dead and stays 0, the start is 1.  `numbers` is room for a number a state, all 0, and
    is so again afterwards.  Returned are the states by their new number, and offsets, labels,
    targets and defaults in new numbers.
    """
    states = array("I", bytes(4 * 1024))
    found = states
    found[1] = start
    numbers[start] = 1
    index = 1
    count = 2
    size = 0
    while index < count:
        state = found[index]
        index += 1
        if count + 257 > len(found):
            states = array("I", bytes(states) + bytes(8 * len(states)))
            found = states
        target = defaults[state]
        if target and not numbers[target]:
            numbers[target] = count
            found[count] = target
            count += 1
        for at in range(offsets[state], offsets[state + 1]):
            target = targets[at]
            if target and not numbers[target]:
                numbers[target] = count
                found[count] = target
                count += 1
        size += offsets[state + 1] - offsets[state]
    numbers[0] = 0  # also where the start is dead
    new_offsets = array("I", bytes(4 * (count + 1)))
    new_labels = array("B", bytes(size))
    new_targets = array("I", bytes(4 * size))
    new_defaults = array("I", bytes(4 * count))
    to_offsets = new_offsets
    to_labels = new_labels
    to_targets = new_targets
    to_defaults = new_defaults
    to = 0
    for index in range(1, count):
        state = found[index]
        to_defaults[index] = numbers[defaults[state]]
        for at in range(offsets[state], offsets[state + 1]):
            to_labels[to] = labels[at]
            to_targets[to] = numbers[targets[at]]
            to += 1
        to_offsets[index + 1] = to
    for index in range(count):
        numbers[found[index]] = 0
    return states[:count], new_offsets, new_labels, new_targets, new_defaults


@cython.boundscheck(False)
@cython.wraparound(False)
@cython.locals(
    numbers="unsigned int[::1]", places="unsigned int[::1]", to="unsigned int[::1]", at="long long"
)
def picked(numbers: array[int], places: array[int]) -> array[int]:
    """The numbers at some places of an array."""
    found = array("I", bytes(4 * len(places)))
    to = found
    for at in range(len(places)):
        to[at] = numbers[places[at]]
    return found


@cython.boundscheck(False)
@cython.wraparound(False)
@cython.locals(
    offsets="unsigned int[::1]",
    begins="unsigned int[::1]",
    to="unsigned int[::1]",
    state="long long",
    size="long long",
    states="long long",
    total="unsigned int",
    before="unsigned int",
)
def largest_first(offsets: array[int]) -> array[int]:
    """States in the order of their numbers of entries, those with most first, else as they are.

    `offsets` are where the entries of each begin, and where the last end; a state has at most 256.
    """
    states = len(offsets) - 1
    room = array("I", bytes(4 * 257))
    begins = room
    for state in range(states):
        begins[offsets[state + 1] - offsets[state]] += 1
    total = 0
    for size in range(256, -1, -1):
        before = begins[size]
        begins[size] = total
        total += before
    found = array("I", bytes(4 * states))
    to = found
    for state in range(states):
        size = offsets[state + 1] - offsets[state]
        to[begins[size]] = state
        begins[size] += 1
    return found


@cython.boundscheck(False)
@cython.wraparound(False)
@cython.locals(
    offsets="unsigned int[::1]",
    labels="unsigned char[::1]",
    targets="unsigned int[::1]",
    bases="unsigned int[::1]",
    to="unsigned short[::1]",
    owner="unsigned short[::1]",
    state="long long",
    at="long long",
    place="long long",
)
def places(
    offsets: array[int], labels: array[int], targets: array[int], bases: array[int], size: int
) -> tuple[array[int], array[int]]:
    """The target and the owner of each place of a table of a size."""
    nexts = array("H", bytes(2 * size))
    checks = array("H", bytes(2 * size))
    to = nexts
    owner = checks
    for state in range(len(bases)):
        for at in range(offsets[state], offsets[state + 1]):
            place = bases[state] + labels[at]
            to[place] = targets[at]
            owner[place] = state
    return nexts, checks


@cython.boundscheck(False)
@cython.wraparound(False)
@cython.locals(
    offsets="unsigned int[::1]",
    labels="unsigned char[::1]",
    order="unsigned int[::1]",
    found="unsigned int[::1]",
    used="unsigned long long[::1]",
    number="long long",
    state="long long",
    start="long long",
    end="long long",
    at="long long",
    place="long long",
    base="long long",
    top="long long",
    size="long long",
    shift="long long",
    fits="unsigned long long",
    taken="unsigned long long",
    one="unsigned long long",
    full="unsigned long long",
)
def pack(offsets: array[int], labels: array[int], order: array[int]) -> tuple[array[int], int]:
    """The base of each state, and the number of places.

    Each row is put at the lowest base where all its places are free.  Rows with the same bytes look
    on from where the last of them was put, since what was taken stays so.

    Args:
        offsets: where the entries of each state begin in `labels`, and where the last end.
        labels: the bytes of the entries, ascending for each state.
        order: the states in the order in which they are placed.
    """
    bases = array("I", bytes(4 * (len(offsets) - 1)))
    found = bases
    size = 64 + len(labels) // 32
    used = array("Q", bytes(8 * size))  # a bit for each place
    bytes_of = bytes(labels)
    known: dict[bytes, int] = {}
    one = 1
    full = 0xFFFFFFFFFFFFFFFF  # a number of C, where a literal in an expression would be Python's
    top = 256
    for number in range(len(order)):
        state = order[number]
        start = offsets[state]
        end = offsets[state + 1]
        if start == end:
            continue
        row = bytes_of[start:end]
        base = known.get(row, 0)
        while True:
            if (base + 384) >> 6 >= size:
                used = array("Q", bytes(used) + bytes(8 * size))
                size *= 2
            # the bases from this one on, 64 at once
            fits = full
            for at in range(start, end):
                place = base + labels[at]
                shift = place & 63
                taken = used[place >> 6] >> shift
                if shift:
                    taken |= used[(place >> 6) + 1] << (64 - shift)
                fits = fits & ~taken & full
                if not fits:
                    break
            if fits:
                break
            base += 64
        while not fits & 1:
            fits >>= 1
            base += 1
        known[row] = base
        for at in range(start, end):
            place = base + labels[at]
            used[place >> 6] |= one << (place & 63)
        found[state] = base
        top = max(top, base + 256)
    return bases, top
