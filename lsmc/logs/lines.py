"""Splits a byte stream into lines of bounded length."""

from __future__ import annotations

from typing import BinaryIO

#: Far beyond any record (the kernel's are under 9 KiB, MAX_AUDIT_MESSAGE_LENGTH of linux/audit.h).
MAX_LINE = 1 << 20


class Lines:
    """An iterator of lines with their line ends; None for a line beyond the bound, skipped."""

    def __init__(self, stream: BinaryIO, limit: int = MAX_LINE) -> None:
        self.number = 0
        self._stream = stream
        self._limit = limit
        self._ahead: bytes | None = None

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> bytes | None:
        line = self._ahead
        self._ahead = None
        if line is None:
            line = self._stream.readline(self._limit + 1)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) <= self._limit or line.endswith(b"\n"):
            return line
        while True:
            rest = self._stream.readline(self._limit)
            if not rest or rest.endswith(b"\n"):
                return None

    def peek(self) -> bytes:
        """The next line, which stays unread; empty at the end, and for a line beyond the bound."""
        if self._ahead is None:
            self._ahead = self._stream.readline(self._limit + 1)
        whole = len(self._ahead) <= self._limit or self._ahead.endswith(b"\n")
        return self._ahead if whole else b""

    def take(self, size: int) -> bytes:
        """The next bytes, whatever they are, and the line end after them."""
        ahead = self._ahead or b""
        self._ahead = None
        data = ahead[:size]
        if len(ahead) > size:
            self._ahead = ahead[size:]
        elif size > len(ahead):
            data += self._stream.read(size - len(ahead))
        self.number += data.count(b"\n")
        return data
