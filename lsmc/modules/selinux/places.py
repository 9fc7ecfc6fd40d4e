"""Places in the files of a policy, each one number.

A place is the offset of a statement in all files laid end to end, so that a column of 32-bit
numbers holds the places of all rules.  A statement that was copied, out of a macro by a call or out
of a block by an inheritance, has a place from `COPIED` on, which leads to the statement and to what
copied it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lsmc.base.source import Source, Span

#: The first place of copied statements; all files together are shorter.
COPIED = 1 << 31


@dataclass(frozen=True, slots=True)
class Places:
    """The places of a policy.

    Attributes:
        sources: the files, in the order in which they were read.
        starts: the place of each file's first byte, ascending.
        copies: of each copied statement the place where it is written, and that of the call or
            inheritance that copied it, which may be a copy itself.
    """

    sources: tuple[Source, ...]
    starts: Sequence[int]
    copies: Sequence[tuple[int, int]] = ()

    def written(self, place: int) -> int:
        """The place where a statement is written, also of a copied one."""
        return self.copies[place - COPIED][0] if place >= COPIED else place

    def via(self, place: int) -> tuple[int, ...]:
        """Where calls and inheritances that copied a statement are written, the innermost first."""
        found: list[int] = []
        while place >= COPIED:
            place = self.copies[place - COPIED][1]
            found.append(self.written(place))
        return tuple(found)

    def find(self, place: int) -> tuple[int, int]:
        """The number of the file where a statement is written, and the offset in it."""
        place = self.written(place)
        file = bisect_right(self.starts, place) - 1
        return file, place - self.starts[file]

    def lines(self, places: Iterable[int]) -> list[tuple[int, int]]:
        """The number of the file and the 1-based line of many places."""
        ends: dict[int, list[int]] = {}
        found = []
        for place in places:
            file, offset = self.find(place)
            if file not in ends:
                ends[file] = _line_ends(self.sources[file].text)
            found.append((file, bisect_right(ends[file], offset - 1) + 1))
        return found

    def span(self, place: int) -> Span:
        """The text of the statement at a place: from its parenthesis to the matching one."""
        file, offset = self.find(place)
        source = self.sources[file]
        return Span(source, offset, statement_end(source.text, offset))


def _line_ends(text: str) -> list[int]:
    ends = []
    at = text.find("\n")
    while at >= 0:
        ends.append(at)
        at = text.find("\n", at + 1)
    return ends


def statement_end(text: str, start: int) -> int:
    """One past the parenthesis that closes the one at an offset, or the end of the text."""
    depth, at, size = 0, start, len(text)
    while at < size:
        char = text[at]
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if not depth:
                return at + 1
        elif char in '";':
            close = text.find('"' if char == '"' else "\n", at + 1)
            at = close if close >= 0 else size
        at += 1
    return size
