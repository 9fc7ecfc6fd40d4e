"""A Smack policy as the sections of a bundle: written, and opened with every index checked.

Labels, files and rows are texts, each after the other with a line end between them, or a NUL
between file names; the rest are tables of words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

from lsmc.base.source import to_display, to_path
from lsmc.engine.verdict import RuleRef
from lsmc.modules.smack.labels import LETTERS
from lsmc.modules.smack.model import Pair, Policy, Rule
from lsmc.tables.errors import BundleError
from lsmc.tables.layout import OWN, words
from lsmc.tables.records import Place
from lsmc.tables.sections import Sections, Words, pack_sections

MODULE = "smack"
_ALL = (1 << len(LETTERS)) - 1


class Section(IntEnum):
    """The sections of a Smack bundle."""

    LABELS = OWN  # in order of their bytes
    FILES = OWN + 1
    PAIRS = OWN + 2  # subject, object, access, first row, rows; by subject and object
    ROWS = OWN + 3  # bits set, bits cleared, whether a change, file, start, end (line, column)
    TEXTS = OWN + 4  # the rows as written
    UNCONFINED = OWN + 5  # nothing, or one label
    ONLYCAP = OWN + 6  # labels
    OUTSIDE = OWN + 7  # rows of cipso, rows of netlabel


_PAIR_WORDS, _ROW_WORDS = 5, 8
#: Kinds of rows that decide nothing here, in the order of `Section.OUTSIDE`.
_OUTSIDE = ("cipso", "netlabel")


def pack(policy: Policy) -> bytes:
    """The bytes of a policy's bundle."""
    own = [one.label for one in (policy.unconfined, *policy.onlycap) if one is not None]
    pairs = sorted(policy.pairs.items())
    labels = sorted({*own, *(label for names, _ in pairs for label in names)})
    number = {label: at for at, label in enumerate(labels)}
    rows = [row for _, pair in pairs for row in pair.rows]
    files = list(dict.fromkeys(row.row.span.source.path for row in rows))
    file_number = {path: at for at, path in enumerate(files)}
    sections: dict[int, bytes] = {
        Section.LABELS: "\n".join(labels).encode("ascii"),
        Section.FILES: "\0".join(files).encode("utf-8", "surrogateescape"),
        Section.PAIRS: words(_pair_words(pairs, number)),
        Section.ROWS: words([one for row in rows for one in _row_words(row, file_number)]),
        Section.TEXTS: "\n".join(row.row.text for row in rows).encode("latin-1"),
        Section.UNCONFINED: words([number[policy.unconfined.label]] if policy.unconfined else []),
        Section.ONLYCAP: words([number[one.label] for one in policy.onlycap]),
        Section.OUTSIDE: words([policy.outside.get(kind, 0) for kind in _OUTSIDE]),
    }
    return pack_sections(MODULE, sections)


def _pair_words(pairs: Iterable[tuple[tuple[str, str], Pair]], number: dict[str, int]) -> list[int]:
    found: list[int] = []
    first = 0
    for (subject, obj), pair in pairs:
        found += (number[subject], number[obj], pair.access, first, len(pair.rows))
        first += len(pair.rows)
    return found


def _row_words(rule: Rule, file_number: dict[str, int]) -> tuple[int, ...]:
    place = rule.row.span.location()
    return (
        *(rule.sets, rule.clears, rule.change),
        *(file_number[place.file], *place[1:]),
    )


class StoredRow(NamedTuple):
    """A row of a bundle: what it sets and clears, and where it stands."""

    subject: str
    sets: int
    clears: int
    change: bool
    place: Place

    @property
    def ref(self) -> RuleRef:
        """The row as a rule that takes part in an answer."""
        place = self.place
        return RuleRef(self.subject, place.file, place.line, place.column, place.text, ())


class Tables:
    """The content of a bundle; raises `BundleError` unless every index in it is in place."""

    def __init__(self, data: bytes | memoryview) -> None:
        self.sections = Sections(data, Section)
        self.labels = _texts(self.sections, Section.LABELS, "\n")
        self.number = {label: at for at, label in enumerate(self.labels)}
        pairs = self._table(Section.PAIRS, _PAIR_WORDS)
        subjects, objects, self.access, first, count = pairs
        self._first, self._count = first, count
        self.subject_numbers, self.object_numbers = subjects, objects
        keys = list(zip(subjects, objects, strict=True))
        self.pairs = {key: at for at, key in enumerate(keys)}
        self._check(keys)

    def _check(self, keys: list[tuple[int, int]]) -> None:
        """Raise `BundleError` unless all tables agree."""
        if len(self.number) != len(self.labels):
            raise BundleError("a label stands twice")
        if len(self.pairs) != len(keys) or keys != sorted(keys):
            raise BundleError("pairs stand twice or out of order")
        ends = [at + size for at, size in zip(self._first, self._count, strict=True)]
        starts = [0, *ends]
        rows = self.sections.count(Section.ROWS, _ROW_WORDS)
        if list(self._first) != starts[:-1] or starts[-1] != rows or 0 in self._count:
            raise BundleError("rows do not follow each other")
        labels = [number for pair in keys for number in pair]
        labels += (*self._labels(Section.UNCONFINED), *self._labels(Section.ONLYCAP))
        if max(labels, default=-1) >= len(self.labels):
            raise BundleError("a label does not exist")
        if max(self.access, default=0) > _ALL:
            raise BundleError("an access has unknown letters")

    def _table(self, section: Section, width: int) -> list[Words]:
        """The columns of a table."""
        table = self.sections.words(section)
        if len(table) % width:
            raise BundleError(f"section {section.name.lower()} has an odd length")
        return [table[column::width] for column in range(width)]

    def _labels(self, section: Section) -> Words:
        return self.sections.words(section)

    @property
    def unconfined(self) -> str:
        """The label whose refusals are only reported, empty for none."""
        return "".join(self.labels[at] for at in self._labels(Section.UNCONFINED)[:1])

    @property
    def onlycap(self) -> frozenset[str]:
        """The labels that CAP_MAC_OVERRIDE is limited to, none for no limit."""
        return frozenset(self.labels[at] for at in self._labels(Section.ONLYCAP))

    @property
    def outside(self) -> dict[str, int]:
        """The number of rows of each kind that decides nothing here."""
        return dict(zip(_OUTSIDE, self.sections.words(Section.OUTSIDE), strict=False))

    def pair(self, subject: str, obj: str) -> int | None:
        """The number of a pair of labels, None without a rule for it."""
        one, other = self.number.get(subject), self.number.get(obj)
        return None if one is None or other is None else self.pairs.get((one, other))

    @cached_property
    def pairs_of_subjects(self) -> Mapping[int, list[int]]:
        """The numbers of the pairs of each subject."""
        return _grouped(self.subject_numbers)

    @cached_property
    def pairs_of_objects(self) -> Mapping[int, list[int]]:
        """The numbers of the pairs of each object."""
        return _grouped(self.object_numbers)

    @cached_property
    def last_lines(self) -> Mapping[str, int]:
        """The last line of each file that has rows which are no changes."""
        found: dict[str, int] = {}
        for pair in range(len(self.access)):
            for row in self.rows(pair):
                if not row.change:
                    place = row.place
                    found[place.file] = max(found.get(place.file, 0), place.end_line)
        return found

    def rows(self, pair: int) -> list[StoredRow]:
        """The rows of a pair in the order of loading."""
        subject = self.labels[self.subject_numbers[pair]]
        first = self._first[pair]
        return [self._row(at, subject) for at in range(first, first + self._count[pair])]

    def _row(self, at: int, subject: str) -> StoredRow:
        table = self.sections.words(Section.ROWS)
        sets, clears, change, file, *place = table[at * _ROW_WORDS : (at + 1) * _ROW_WORDS]
        line, column, end_line, end_column = place
        if file >= len(self._files) or at >= len(self._row_texts):
            raise BundleError(f"row {at} has no place or no text")
        text = to_display(self._row_texts[at])
        where = Place(self._files[file], line, column, end_line, end_column, text)
        return StoredRow(subject, sets & _ALL, clears & _ALL, bool(change), where)

    @cached_property
    def _files(self) -> Sequence[str]:
        return [to_path(one) for one in _texts(self.sections, Section.FILES, "\0")]

    @cached_property
    def _row_texts(self) -> Sequence[str]:
        return _texts(self.sections, Section.TEXTS, "\n")


def _grouped(numbers: Words) -> dict[int, list[int]]:
    """The places of each number."""
    found: dict[int, list[int]] = {}
    for at, number in enumerate(numbers):
        found.setdefault(number, []).append(at)
    return found


def _texts(sections: Sections, section: Section, end: str) -> list[str]:
    text = bytes(sections.body(section)).decode("latin-1")
    return text.split(end) if text else []
