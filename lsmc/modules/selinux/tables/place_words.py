"""Places of statements as words of a bundle: line and column in one number, callers apart.

A list is the number of places, then the places; behind one with the bit `LISTED` stand the number
of its callers and their places.
"""

from __future__ import annotations

from collections.abc import Sequence

from lsmc.modules.selinux.tables.layout import LISTED, NOTHING


def unpack(word: int, lists: Sequence[int]) -> list[tuple[int, tuple[int, ...]]]:
    """The places that a word stands for, each with those of its callers; IndexError, ValueError."""
    if word == NOTHING:
        return []
    if word < LISTED:
        return [(word, ())]
    at = word - LISTED
    count = lists[at]
    at += 1
    if count > len(lists):
        raise ValueError("a list of places is too long")
    found: list[tuple[int, tuple[int, ...]]] = []
    for _ in range(count):
        place, via = lists[at], tuple[int, ...]()
        at += 1
        if place >= LISTED:
            callers = lists[at]
            via = tuple(lists[at + 1 : at + 1 + callers])
            if len(via) != callers:
                raise ValueError("a list of callers is cut short")
            at += 1 + callers
        found.append((place % LISTED, via))
    return found
