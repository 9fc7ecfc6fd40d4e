"""Rows of grants: what one source may do to each of its targets, of one class.

A grant is one number: the masks of `GRANT_KINDS` beside each other, so that what several rules
grant together is the union of their numbers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from lsmc.modules.selinux.tables.layout import GRANT_KINDS, MASK_BITS, Section
from lsmc.modules.selinux.tables.reading import column, damaged, records, starts
from lsmc.modules.selinux.tables.vocabulary import Vocabulary
from lsmc.tables.errors import BundleError
from lsmc.tables.sections import Sections

#: From a target to a grant; the targets are labels and, behind them, `SELF`, `NOTSELF` and what
#: `other_of` gives.
Row = Mapping[int, int]
#: Special targets, counted from the number of labels on.
SELF, NOTSELF, OTHER = 0, 1, 2
SPECIAL = ("self", "notself", "other")


def other_of(source: int) -> int:
    """The target in rows for each member of an attribute that is not the source itself."""
    return ~source


class Entry(NamedTuple):
    """Rules that are equal but for their places; `truth` is None if they always hold."""

    source: int
    cls: int
    target: int
    kind: int
    mask: int
    truth: int | None
    place: int


class Rows:
    """The rules of all sources; those of one source and class are a row."""

    def __init__(self, sections: Sections, vocabulary: Vocabulary, *, conditional: bool) -> None:
        self._classes = len(vocabulary.classes)
        self._labels = len(vocabulary.labels)
        first = Section.CONDITIONAL_ROWS if conditional else Section.ROWS
        keys, begins, targets, places = (Section(first + at) for at in range(4))
        self._entries = sections.words(targets)
        count = len(self._entries)
        self._grants = records(sections, Section.GRANTS, tuple, (len(GRANT_KINDS), None))
        self._keys = column(sections, keys, len(sections.words(keys)), self._classes * self._labels)
        self._starts = starts(sections, begins, len(self._keys), count)
        self._radix = len(self._grants)
        if count and not self._radix:
            raise damaged(Section.GRANTS)
        self._places = column(sections, places, count, None)
        self._truths = sections.words(Section.CONDITIONAL_TRUTHS) if conditional else None
        if self._truths is not None and len(self._truths) != count:
            raise damaged(Section.CONDITIONAL_TRUTHS)
        self._values = [mask << MASK_BITS * kind for kind, mask in self._grants]
        self._index = dict(zip(self._keys, range(len(self._keys)), strict=True))

    def __len__(self) -> int:
        """The number of entries."""
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        """All entries, by source and class."""
        return (entry for key in self._keys for entry in self.entries(*divmod(key, self._classes)))

    def has(self, source: int, cls: int) -> bool:
        """Whether there is any rule of a source and class."""
        return source * self._classes + cls in self._index

    def rows(self) -> Iterator[tuple[int, int]]:
        """The source and the class of each row, ascending."""
        return (divmod(key, self._classes) for key in self._keys)

    def parts(self) -> Iterator[tuple[int, int, int, int, int, int | None]]:
        """All entries without their places: source, class, target, kind, mask, truth."""
        for key, first, end in zip(self._keys, self._starts, self._starts[1:], strict=False):
            source, cls = divmod(key, self._classes)
            for at in range(first, end):
                target, grant = divmod(self._entries[at], self._radix)
                truth = None if self._truths is None else self._truths[at]
                kind, mask = self._grants[grant]
                yield source, cls, target, kind, mask, truth

    def row(self, source: int, cls: int, holds: Callable[[int], bool] | None = None) -> Row:
        """What a source may do to each target, by the rules whose truth holds."""
        found: dict[int, int] = {}
        part = self._part(source, cls)
        values, radix = self._values, self._radix
        for at in range(part.start, part.stop):
            if holds is None or self._truths is None or holds(self._truths[at]):
                target, grant = divmod(self._entries[at], radix)
                if target == self._labels + OTHER:
                    target = other_of(source)
                found[target] = found.get(target, 0) | values[grant]
        return found

    def entries(self, source: int, cls: int) -> Iterator[Entry]:
        """The rules of a source and class."""
        return (self._entry(source, cls, at) for at in self._part(source, cls))

    def entries_for(self, source: int, cls: int, target: int) -> Iterator[Entry]:
        """The rules of a source and class for one target of a row."""
        part = self._part(source, cls)
        wanted = target
        if target < 0:
            if target != other_of(source):
                return
            wanted = self._labels + OTHER
        end = (wanted + 1) * self._radix
        at = bisect_left(self._entries, wanted * self._radix, part.start, part.stop)
        while at < part.stop and self._entries[at] < end:
            yield self._entry(source, cls, at)
            at += 1

    def _entry(self, source: int, cls: int, at: int) -> Entry:
        target, grant = divmod(self._entries[at], self._radix)
        if target >= self._labels + len(SPECIAL):
            raise BundleError("a rule has a target that does not exist")
        kind, mask = self._grants[grant]
        truth = None if self._truths is None else self._truths[at]
        return Entry(source, cls, target, kind, mask, truth, self._places[at])

    def _part(self, source: int, cls: int) -> range:
        number = self._index.get(source * self._classes + cls)
        return range(0) if number is None else range(self._starts[number], self._starts[number + 1])
