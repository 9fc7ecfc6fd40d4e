"""Splits a byte stream into lines of bounded length."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from lsmc.kernels.outlines import Sighting, scan

#: Far beyond any record (the kernel's are under 9 KiB, MAX_AUDIT_MESSAGE_LENGTH of linux/audit.h).
MAX_LINE = 1 << 20
#: Bytes that are read at once, where so many are at hand.
_BLOCK = 1 << 18
#: Bytes at the beginning of a log that tell whether it is text.
_TELLING = 1 << 12


class Stream(Protocol):
    """What lines are read from."""

    def read1(self, size: int, /) -> bytes:
        """The next bytes, at most so many, as soon as there are some; none at the end."""


class Pieces:
    """Pieces of bytes as a stream."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)

    def read1(self, _size: int, /) -> bytes:
        """The next piece that is not empty, whatever its size."""
        return next(filter(None, self._pieces), b"")


class Lines:
    """An iterator of lines with their line ends; None for a line beyond the bound, skipped.

    `number` is the number of lines that were read; `binary` tells whether there is a NUL among the
    first bytes, as in no text.  A stream is read as far as it has something, so
    that the lines of a pipe are there when they were written.
    """

    def __init__(self, stream: Stream, limit: int = MAX_LINE) -> None:
        self.number = 0
        self.binary = False
        self._begun = False
        self._read = stream.read1
        self._limit = limit
        self._data = b""
        self._at = 0
        self._places: list[int] = []

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> bytes | None:
        end = self._end()
        if end == self._at:
            raise StopIteration
        self.number += 1
        if end > 0:
            line = self._data[self._at : end]
            self._at = end
            return line
        while True:  # beyond the bound: drop it as it comes
            end = self._data.find(b"\n", self._at) + 1
            if end > 0 or not self._data:
                self._at = end
                return None
            self._set(self._read(_BLOCK))

    def peek(self) -> bytes:
        """The next line, which stays unread; empty at the end, and for a line beyond the bound."""
        end = self._end()
        return self._data[self._at : end] if end > 0 else b""

    def take(self, size: int) -> bytes:
        """The next bytes, whatever they are."""
        while len(self._data) - self._at < size and self._more():
            pass
        data = self._data[self._at : self._at + size]
        self._at += len(data)
        self.number += data.count(b"\n")
        return data

    def scan(
        self,
        marks: tuple[bytes, ...],
        sign: bytes,
        worth_reading: Callable[[bytes], bool],
        known: dict[bytes, int],
    ) -> tuple[list[Sighting], int]:
        """The records of known outlines among the lines at hand, as far as nothing else comes.

        The arguments are those of `lsmc.kernels.outlines.scan`.  Also the number of other lines
        between them, which hold no records.
        """
        stop = self._data.rfind(b"\n", self._at) + 1
        if not 0 < stop - self._at <= self._limit:  # none, or one may be beyond the bound
            return [], 0
        if not self._places:
            self._places = [-1] * len(marks)
        found, self._at, self.number, skipped = scan(
            self._data,
            self._at,
            stop,
            self.number,
            marks,
            self._places,
            sign,
            worth_reading,
            known,
        )
        return found, skipped

    def _end(self) -> int:
        """Where the next line ends; where it begins if there is none; -1 if it is too long."""
        searched = self._at
        while (end := self._data.find(b"\n", searched) + 1) == 0:
            if len(self._data) - self._at > self._limit:
                return -1
            searched = len(self._data) - self._at  # a block begins with the line
            if not self._more():
                return len(self._data)
        return end if end - self._at <= self._limit + 1 else -1

    def _more(self) -> bool:
        """Read on, so that what was not read yet is at the beginning; False at the end."""
        block = self._read(_BLOCK)
        if not self._begun:
            self._begun = True
            self.binary = b"\0" in block[:_TELLING]
        self._set(self._data[self._at :] + block)
        return bool(block)

    def _set(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._places = []
