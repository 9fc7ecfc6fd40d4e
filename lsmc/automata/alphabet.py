"""Sets of bytes as 256-bit integers, and the order in which bytes make good examples.

A set is a plain `int` whose bit b says that byte b is a member: union, intersection and difference
are one machine operation each, and sets hash and compare by value.  `frozenset` was tried first and
was ten times slower to refine.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

ALL: Final = (1 << 256) - 1
NOT_NUL: Final = ALL & ~1

SINGLE: Final = tuple(1 << byte for byte in range(256))


def mask_of(members: bytes) -> int:
    """The set of the bytes of a string."""
    mask = 0
    for byte in members:
        mask |= 1 << byte
    return mask


@lru_cache(maxsize=4096)
def bytes_of(mask: int) -> bytes:
    """The members of a set, ascending."""
    return bytes(byte for byte in range(256) if mask >> byte & 1)


def _preference() -> bytes:
    """All bytes, those that read best in an example first."""
    printable = bytes(range(0x21, 0x7F))
    letters = bytes(range(0x61, 0x7B)) + bytes(range(0x41, 0x5B))
    first = letters + b"0123456789" + b"/.-_"
    later = bytes(byte for byte in printable if byte not in first) + b" "
    rest = bytes(byte for byte in range(256) if byte not in first + later)
    return first + later + rest


PREFERENCE: Final = _preference()
RANK: Final = bytes(PREFERENCE.index(byte) for byte in range(256))
N_PRINTABLE: Final = 95


@lru_cache(maxsize=4096)
def best_byte(mask: int) -> int:
    """The member of a set that reads best; the set must not be empty."""
    for byte in PREFERENCE:
        if mask >> byte & 1:
            return byte
    raise ValueError("an empty set has no best byte")


@lru_cache(maxsize=4096)
def best_rank(mask: int) -> int:
    """The place of `best_byte` in the order of preference."""
    return RANK[best_byte(mask)]


@lru_cache(maxsize=4096)
def ranks(mask: int) -> tuple[int, ...]:
    """The places of a set's members in the order of preference, ascending."""
    return tuple(sorted(RANK[byte] for byte in bytes_of(mask)))


def cost(text: bytes) -> tuple[int, int, bytes]:
    """A sort key: short strings first, then printable ones, then by preference of their bytes."""
    ranks = text.translate(RANK)
    return len(text), sum(rank >= N_PRINTABLE for rank in ranks), ranks
