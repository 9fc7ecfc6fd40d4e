"""Places in a text as the protocol counts them: lines from 0, and in a line units of UTF-16.

Sources count bytes (`lsmc.base.source`); a line ends at a line feed, a carriage return, or both.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import NamedTuple

from lsmc.base.source import Source

_LINE_END = re.compile(rb"\r\n|\n|\r")


class Position(NamedTuple):
    """A place between two characters."""

    line: int
    character: int


class Range(NamedTuple):
    """What lies between two places."""

    start: Position
    end: Position


class Text:
    """A text as bytes of UTF-8, with places in it as offsets and as positions."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    @classmethod
    def of(cls, source: Source) -> Text:
        """The text of a source."""
        return cls(source.text.encode("latin-1"))

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in _LINE_END.finditer(self.data))]

    def position(self, offset: int) -> Position:
        """The position of a byte; a byte inside a character has that of the character."""
        line = bisect_right(self._starts, offset) - 1
        return Position(line, _units(self.data[self._starts[line] : offset]))

    def range(self, start: int, end: int) -> Range:
        """The positions of two bytes."""
        return Range(self.position(start), self.position(end))

    def offset(self, position: Position) -> int:
        """The byte at a position; what lies behind a line is its end, behind the text the end."""
        line, character = position
        if not 0 <= line < len(self._starts):
            return len(self.data) if line > 0 else 0
        start = self._starts[line]
        end = self._starts[line + 1] if line + 1 < len(self._starts) else len(self.data)
        row = self.data[start:end].rstrip(b"\r\n")
        if row.isascii():
            return start + min(max(character, 0), len(row))
        units = 0
        for at, char in enumerate(text := row.decode("utf-8", "surrogateescape")):
            if units >= character:
                return start + len(text[:at].encode("utf-8", "surrogateescape"))
            units += 2 if char > "\uffff" else 1
        return start + len(row)

    def edited(self, change: Range, text: bytes) -> Text:
        """The text with another text in place of a range."""
        start, end = self.offset(change.start), self.offset(change.end)
        return Text(self.data[:start] + text + self.data[max(start, end) :])


def _units(data: bytes) -> int:
    """The units of UTF-16 of some bytes; a byte that is no UTF-8 is one."""
    if data.isascii():
        return len(data)
    text = data.decode("utf-8", "surrogateescape")
    return len(text) + sum(char > "\uffff" for char in text)
