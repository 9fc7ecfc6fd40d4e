"""Source text and the places in it.

A source is read as bytes and held as latin-1 text, so that one character is one byte: the policy
languages decode nothing, and an offset is a byte offset.  Lines and columns are computed only when
a place is shown to a person; a column counts characters of the line read as UTF-8.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

from lsmc.base.text import decode, displayed, encode

#: Bytes between the places of a long line whose columns are remembered.
_STEP = 4096


class Location(NamedTuple):
    """A place for people: 1-based line and column of the first and one past the last character."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(slots=True, eq=False)
class Source:
    """One text: its display path and its content, one character a byte."""

    path: str
    text: str
    _lines: list[int] | None = field(default=None, repr=False)
    _columns: dict[int, list[tuple[int, int]]] = field(default_factory=dict, repr=False)
    _shown: tuple[int, str] = field(default=(0, ""), repr=False)

    @classmethod
    def from_bytes(cls, path: str, data: bytes) -> Source:
        """The source of a file's content."""
        return cls(path, data.decode("latin-1"))

    def position(self, offset: int) -> tuple[int, int]:
        """1-based (line, column) of a byte offset."""
        if self._lines is None:
            starts = [0]
            find = self.text.find
            at = find("\n")
            while at >= 0:
                starts.append(at + 1)
                at = find("\n", at + 1)
            self._lines = starts
        line = bisect_right(self._lines, offset)
        at, column = self._lines[line - 1], 1
        if offset - at > _STEP:
            marks = self._columns.get(line)
            if marks is None:
                marks = self._columns[line] = self._marks(line)
            at, column = marks[bisect_right(marks, (offset, 0)) - 1]
        return line, column + _length(self.text[at:offset])

    def _marks(self, line: int) -> list[tuple[int, int]]:
        """Offsets in a long line with their columns, so that no place in it is far from one.

        They are at ASCII characters, where no character of UTF-8 can be cut.
        """
        assert self._lines is not None
        text, at, column = self.text, self._lines[line - 1], 1
        end = self._lines[line] if line < len(self._lines) else len(text)
        marks = [(at, column)]
        while end - at > _STEP:
            after = at + _STEP
            while after < end and not text[after].isascii():
                after += 1
            column += _length(text[at:after])
            at = after
            marks.append((at, column))
        return marks

    def line_text(self, line: int) -> str:
        """The text of a 1-based line for display, without its line end."""
        if self._shown[0] == line:
            return self._shown[1]
        self.position(0)
        assert self._lines is not None
        if not 1 <= line <= len(self._lines):
            return ""
        end = self._lines[line] - 1 if line < len(self._lines) else len(self.text)
        text = to_display(self.text[self._lines[line - 1] : end].rstrip("\r"))
        self._shown = (line, text)
        return text


class Span(NamedTuple):
    """A half-open range of a source."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        """The covered text, one character a byte."""
        return self.source.text[self.start : self.end]

    def location(self) -> Location:
        """File, line and column of both ends."""
        line, column = self.source.position(self.start)
        end_line, end_column = self.source.position(self.end)
        return Location(self.source.path, line, column, end_line, end_column)

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of another in the same source."""
        return Span(self.source, self.start, other.end)


def _length(text: str) -> int:
    """The characters of a byte text."""
    return len(text) if text.isascii() else len(to_display(text))


def to_display(text: str) -> str:
    """Byte text (one character a byte) as characters: UTF-8, with bad bytes as `\\xNN`."""
    return displayed(text.encode("latin-1"))


def to_path(text: str) -> str:
    """Byte text as Python represents file names; the inverse of `from_display`."""
    return decode(text.encode("latin-1"))


def from_display(text: str) -> str:
    """Characters as byte text; the reverse of `to_display` for valid UTF-8."""
    return encode(text).decode("latin-1")
