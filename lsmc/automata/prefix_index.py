"""An index of things by the beginning of their texts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Prefixes(Generic[T]):
    """Things, each with a text that all of its members begin with."""

    def __init__(self) -> None:
        self._things: dict[bytes, list[T]] = {}
        self._heads: list[bytes] = []
        self._within: list[int] = []

    def add(self, prefix: bytes, thing: T) -> None:
        """Add a thing under the text that its members begin with."""
        self._things.setdefault(prefix, []).append(thing)

    def of(self, text: bytes) -> Iterator[T]:
        """The things whose prefix a text has, each once, short prefixes first."""
        if len(self._heads) < len(self._things):
            self._sort()
        found: list[bytes] = []
        at = bisect_right(self._heads, text) - 1
        while at >= 0:
            if text.startswith(self._heads[at]):
                found.append(self._heads[at])
            at = self._within[at]
        for head in reversed(found):
            yield from self._things[head]

    def _sort(self) -> None:
        self._heads = sorted(self._things)
        self._within = within(self._heads)


def within(heads: Sequence[bytes]) -> list[int]:
    """For each of some sorted texts the place of the longest other one that it begins with.

    It is -1 where there is none.  What a text begins with is found by going on from the last one
    that is not behind it.
    """
    found: list[int] = []
    around: list[int] = []
    for at, head in enumerate(heads):
        while around and not head.startswith(heads[around[-1]]):
            around.pop()
        found.append(around[-1] if around else -1)
        around.append(at)
    return found
