"""Source text and the places in it.

A source is read as bytes and held as latin-1 text, so that one character is one byte: the policy
languages decode nothing, and an offset is a byte offset.  Lines and columns are computed only when
a place is shown to a person; a column counts characters of the line read as UTF-8.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple


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
        before = self.text[self._lines[line - 1] : offset]
        if not before.isascii():
            before = to_display(before)
        return line, len(before) + 1

    def line_text(self, line: int) -> str:
        """The text of a 1-based line for display, without its line end."""
        self.position(0)
        assert self._lines is not None
        if not 1 <= line <= len(self._lines):
            return ""
        end = self._lines[line] - 1 if line < len(self._lines) else len(self.text)
        return to_display(self.text[self._lines[line - 1] : end].rstrip("\r"))


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
        """From the start of this span to the end of another of the same source."""
        return Span(self.source, self.start, other.end)


def to_display(text: str) -> str:
    """Byte text (one character a byte) as characters: UTF-8, with bad bytes as `\\xNN`."""
    return text.encode("latin-1").decode("utf-8", "backslashreplace")


def from_display(text: str) -> str:
    """Characters as byte text; the reverse of `to_display` for valid UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")
