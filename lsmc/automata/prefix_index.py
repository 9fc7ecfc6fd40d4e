"""Things by what their texts begin with, to find those that a text may belong to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Prefixes(Generic[T]):
    """Things, each with a text that all of its members begin with."""

    def __init__(self) -> None:
        self._things: dict[bytes, list[T]] = {}
        self._lengths: list[int] = []

    def add(self, prefix: bytes, thing: T) -> None:
        """Keep a thing under what it begins with."""
        if prefix not in self._things:
            self._lengths = sorted({*self._lengths, len(prefix)})
        self._things.setdefault(prefix, []).append(thing)

    def of(self, text: bytes) -> Iterator[T]:
        """The things whose beginning a text has, each once, short beginnings first."""
        for length in self._lengths:
            if length > len(text):
                return
            yield from self._things.get(text[:length], ())
