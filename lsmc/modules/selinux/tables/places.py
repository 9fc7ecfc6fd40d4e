"""Places of statements, from offsets in files to the words of a bundle (`place_words`)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from lsmc.base.text import decode
from lsmc.modules.selinux.places import COPIED, Places
from lsmc.modules.selinux.tables.layout import LISTED, NOTHING
from lsmc.tables.layout import words

#: The largest column that is told apart; lines may be as long as their file.
_MOST_COLUMNS = 1 << 16


class PlaceTable:
    """The places of a policy, and the lists that are made for them.

    Attributes:
        columns: one more than the largest column.
        first_lines: of each file, the number of its first line among all lines.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._files = [_Lines(source.text) for source in places.sources]
        counts = [lines.count for lines in self._files]
        self.first_lines = [0, *accumulate(counts)]
        most = LISTED // (self.first_lines[-1] + 2)
        longest = max((lines.longest for lines in self._files), default=0) + 2
        self.columns = max(2, min(longest, most, _MOST_COLUMNS))
        self._lists: list[int] = []
        self._numbers: dict[int, int] = {}
        self._known: dict[tuple[int, ...], int] = {}

    def number(self, places: Iterable[int]) -> int:
        """The word that stands for the places of some rules."""
        wanted = tuple(places)
        if len(wanted) == 1 and wanted[0] < COPIED:
            return self._written(wanted[0])
        if not wanted:
            return NOTHING
        known = self._known.get(wanted)
        if known is None:
            known = self._known[wanted] = LISTED + len(self._lists)
            self._lists.append(len(wanted))
            for place in wanted:
                via = self._places.via(place)
                word = self._written(self._places.written(place))
                if via:
                    self._lists += (LISTED | word, len(via), *map(self._written, via))
                else:
                    self._lists.append(word)
        return known

    def one(self, place: int) -> int:
        """The word that stands for one place."""
        return self.number((place,))

    def lists(self) -> bytes:
        """The lists that numbers refer to."""
        return words(self._lists)

    def _written(self, place: int) -> int:
        number = self._numbers.get(place)
        if number is None:
            file, offset = self._places.find(place)
            line, column = self._files[file].find(offset)
            column = min(column, self.columns - 1)
            number = (self.first_lines[file] + line) * self.columns + column
            self._numbers[place] = number
        return number


class _Lines:
    """The lines of a text, from 0; columns count characters from 1."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)
        self._ascii = text.isascii()

    @property
    def count(self) -> int:
        return len(self._starts)

    @property
    def longest(self) -> int:
        ends = [*self._starts[1:], len(self._text)]
        return max(end - start for start, end in zip(self._starts, ends, strict=True))

    def find(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset) - 1
        start = self._starts[line]
        if self._ascii:
            return line, offset - start + 1
        return line, len(decode(self._text[start:offset].encode("latin-1"))) + 1
