"""An index of things by the beginning of their texts."""

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
        """Add a thing under the text that its members begin with."""
        if prefix not in self._things:
            self._lengths = sorted({*self._lengths, len(prefix)})
        self._things.setdefault(prefix, []).append(thing)

    def of(self, text: bytes) -> Iterator[T]:
        """The things whose prefix a text has, each once, short prefixes first."""
        for length in self._lengths:
            if length > len(text):
                return
            yield from self._things.get(text[:length], ())
