"""Places of statements, from offsets in files to the words of a bundle (`place_words`)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from lsmc.base.text import decode
from lsmc.modules.selinux.places import COPIED, Places
from lsmc.modules.selinux.tables.layout import LISTED, NOTHING
from lsmc.tables.layout import words

#: The largest column that is told apart; lines may be as long as their file.
_MOST_COLUMNS = 1 << 16


def columns_of(longest: int, lines: int) -> int:
    """One more than the largest column of places in so many lines, the longest of some bytes."""
    return max(2, min(longest + 1, LISTED // (lines + 2), _MOST_COLUMNS))


class PlaceTable:
    """The places of a policy, and the lists that are made for them.

    Attributes:
        columns: one more than the largest column.
        first_lines: of each file, the number of its first line among all lines.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self.first_lines = [0]
        #: The place of the first byte of each line.
        self._line_starts: list[int] = []
        #: The lines with characters of several bytes.
        self._wide: set[int] = set()
        longest = 0
        for source, start in zip(places.sources, places.starts, strict=True):
            lines = source.text.split("\n")
            if not source.text.isascii():
                first = len(self._line_starts)
                self._wide.update(first + at for at, line in enumerate(lines) if not line.isascii())
            sizes = list(map((1).__add__, map(len, lines)))
            longest = max(longest, *sizes)
            self._line_starts += accumulate(sizes[:-1], initial=start)
            self.first_lines.append(len(self._line_starts))
        self.columns = columns_of(longest, self.first_lines[-1])
        self._lists: list[int] = []
        self._known: dict[tuple[int, ...], int] = {}

    def number(self, places: Sequence[int]) -> int:
        """The word that stands for the places of some rules."""
        if len(places) == 1 and places[0] < COPIED:
            return self._written(places[0])
        if not places:
            return NOTHING
        wanted = tuple(places)
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
        return self._written(place) if place < COPIED else self.number((place,))

    def lists(self) -> bytes:
        """The lists that numbers refer to."""
        return words(self._lists)

    def _written(self, place: int) -> int:
        line = bisect_right(self._line_starts, place) - 1
        start = self._line_starts[line]
        column = self._characters(start, place) if line in self._wide else place - start
        return line * self.columns + min(column + 1, self.columns - 1)

    def _characters(self, start: int, place: int) -> int:
        """How many characters of its line stand before a place."""
        file, offset = self._places.find(place)
        text = self._places.sources[file].text[offset - (place - start) : offset]
        return len(text) if text.isascii() else len(decode(text.encode("latin-1")))
