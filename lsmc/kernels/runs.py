"""Runs: an array cut into pieces, given by their lengths or by the offsets where they begin.

The rows of every decision table that a question opens are put together and checked here.
The source is compiled by Cython where it can be; uncompiled it runs as it stands.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import accumulate, islice
from operator import ge, gt

from lsmc.kernels import _nocython as cython

if cython.compiled:
    import cython  # type: ignore[no-redef]


@cython.locals(sizes="const unsigned short[::1]", starts="unsigned int[::1]", total="unsigned int")
@cython.locals(at="Py_ssize_t")
@cython.boundscheck(False)
@cython.wraparound(False)
def offsets_of(lengths: Sequence[int]) -> array[int]:
    """Where runs of some lengths begin, and where the last one ends; 16-bit to 32-bit numbers."""
    if not cython.compiled:
        return array("I", accumulate(lengths, initial=0))
    sizes = lengths
    found = array("I", bytes(4 * (len(sizes) + 1)))
    starts = found
    total = 0
    for at in range(len(sizes)):
        total += sizes[at]
        starts[at + 1] = total
    return found


@cython.locals(starts="const unsigned int[::1]", labels="const unsigned char[::1]")
@cython.locals(run="Py_ssize_t", at="Py_ssize_t")
@cython.boundscheck(False)
@cython.wraparound(False)
def ascend(offsets: Sequence[int], items: bytes) -> bool:
    """Whether each run is strictly ascending; the offsets must ascend and span the items."""
    if not cython.compiled:
        begins = bytearray(len(items) + 1)
        for offset in offsets:
            begins[offset] = 1
        descents = map(ge, items, islice(items, 1, None))
        return not any(map(gt, descents, islice(begins, 1, None)))
    starts = offsets
    labels = items
    for run in range(len(starts) - 1):
        for at in range(starts[run] + 1, starts[run + 1]):
            if labels[at - 1] >= labels[at]:
                return False
    return True
