"""Puts changed rules of one file into a bundle: the result is what compiling anew would give.

Only loose rules may have changed (`syntax.skeleton`).  What else the bundle says stays; the places
behind these rules move.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress, pairwise
from typing import NamedTuple

from lsmc.modules.selinux.tables.layout import LISTED, NOTHING, PLACED, Head, Section
from lsmc.modules.selinux.tables.pack_rules import pack_rows, records_of
from lsmc.modules.selinux.tables.reading import column, damaged, records, starts
from lsmc.modules.selinux.tables.rows import SPECIAL
from lsmc.modules.selinux.tables.vocabulary import Vocabulary
from lsmc.tables.layout import native, words
from lsmc.tables.sections import Sections, Words, pack_sections


class NewRule(NamedTuple):
    """A rule of a changed file: kind, source, target, class, permissions, line in it, column.

    The kind, the target and the column are as the tables have them.
    """

    kind: int
    source: int
    target: int
    cls: int
    permissions: int
    line: int
    column: int


class Moved(NamedTuple):
    """A changed file: its number, and where each line went; None for a line of a rule that went.

    `lines` is how many lines it has now.
    """

    file: int
    went: Sequence[int | None]
    lines: int


class _Move(NamedTuple):
    """Where places are now: those from `low` to `high` by their lines, those behind by a shift.

    A line that went is None.
    """

    low: int
    high: int
    shift: int
    columns: int
    went: Sequence[int | None]

    def one(self, place: int) -> int | None:
        """Where a place is now; None for that of a rule that went."""
        if place < self.low:
            return place
        if place >= self.high:
            return place + self.shift
        line, rest = divmod(place - self.low, self.columns)
        now = self.went[line]
        return None if now is None else self.low + now * self.columns + rest


class _Table(NamedTuple):
    """The rules of a table: of each its row, its target and grant, its truth, its places."""

    rows: Sequence[int]
    whole: Sequence[int]
    truths: Sequence[int]
    places: Sequence[list[int]]


class _Places:
    """Numbers for the places of rules, as `tables.places.PlaceTable` gives them."""

    def __init__(self) -> None:
        self.lists: list[int] = []
        self._known: dict[tuple[int, ...], int] = {}

    def number(self, places: Sequence[int]) -> int:
        """The word that stands for the places of some rules."""
        if len(places) == 1:
            return places[0]
        wanted = tuple(places)
        known = self._known.get(wanted)
        if known is None:
            known = self._known[wanted] = LISTED + len(self.lists)
            self.lists += (len(wanted), *wanted)
        return known


def revised(
    sections: Sections, vocabulary: Vocabulary, moved: Moved, rules: Sequence[NewRule]
) -> bytes | None:
    """The bundle with the rules of a file; None where that takes more than its rules.

    Raises `BundleError`.
    """
    columns = Head(*sections.words(Section.HEAD)[: len(Head._fields)]).columns
    first_lines = list(sections.words(Section.FILE_LINES))
    if moved.file + 1 >= len(first_lines) or len(moved.went) != _lines(first_lines, moved.file):
        raise damaged(Section.FILE_LINES)
    begin = first_lines[moved.file]
    shift = moved.lines - len(moved.went)
    low, high = begin * columns, (begin + len(moved.went)) * columns
    move = _Move(low, high, shift * columns, columns, moved.went)
    found = _placed(sections, move)
    lists = _lists(sections.words(Section.PLACE_LISTS))
    if found is None or lists is None:
        return None
    grants = records(sections, Section.GRANTS, tuple, (None, None))
    tables = [
        _table(sections, vocabulary, conditional=conditional) for conditional in (False, True)
    ]
    before = _named(vocabulary, tables, len(grants))
    always, sometimes = (_moved(table, move, lists) for table in tables)
    after = _named(vocabulary, (always, sometimes), len(grants))
    labels = {label for rule in rules for label in (rule.source, rule.target)}
    if after | _attributes(vocabulary, labels) != before:
        return None  # which attributes have members in the bundle depends on it
    added: dict[tuple[int, int, tuple[int, ...]], list[int]] = {}
    for rule in rules:
        row = rule.source * len(vocabulary.classes) + rule.cls
        place = low + rule.line * columns + min(rule.column, columns - 1)
        key = (row, rule.target, (rule.kind, rule.permissions))
        added.setdefault(key, []).append(place)
    truths = 2 * (len(sections.words(Section.CONDITIONS)) - 1)
    found |= _packed(vocabulary, grants, (always, sometimes), added, truths)
    found[Section.FILE_LINES] = words(
        [line + shift * (file > moved.file) for file, line in enumerate(first_lines)]
    )
    for section in Section:
        found.setdefault(section, bytes(sections.body(section)))
    return pack_sections(sections.module, {section: found[section] for section in Section})


def _lines(first_lines: Sequence[int], file: int) -> int:
    return first_lines[file + 1] - first_lines[file]


def _placed(sections: Sections, move: _Move) -> dict[int, bytes] | None:
    """The sections with places beside those of rules, moved; None if one has a list of places."""
    found: dict[int, bytes] = {}
    for section, (width, numbers) in PLACED.items():
        table = array("I", sections.words(section))
        if len(table) % width:
            raise damaged(section)
        for number in numbers:
            places = [one if one == NOTHING else move.one(one) for one in table[number::width]]
            now = [one for one in places if one is not None and (one < LISTED or one == NOTHING)]
            if len(now) < len(places):
                return None
            table[number::width] = array("I", now)
        found[section] = native(table)
    return found


def _lists(flat: Words) -> dict[int, list[int]] | None:
    """The lists of places by their positions; None if one has a place that was copied."""
    lists: dict[int, list[int]] = {}
    at = 0
    while at < len(flat):
        places = list(flat[at + 1 : at + 1 + flat[at]])
        if len(places) < flat[at]:
            raise damaged(Section.PLACE_LISTS)
        if max(places, default=0) >= LISTED:
            return None
        lists[at] = places
        at += 1 + len(places)
    return lists


def _table(sections: Sections, vocabulary: Vocabulary, *, conditional: bool) -> _Table:
    """A table as it is, the place words as lists of one."""
    first = Section.CONDITIONAL_ROWS if conditional else Section.ROWS
    keys, begins, targets, places = (Section(first + at) for at in range(4))
    labels, grants = len(vocabulary.labels), len(sections.words(Section.GRANTS)) // 2
    keyed = column(sections, keys, len(sections.words(keys)), labels * len(vocabulary.classes))
    limit = (labels + len(SPECIAL)) * grants
    whole = column(sections, targets, len(sections.words(targets)), limit)
    where = column(sections, places, len(whole), None)
    bounds = starts(sections, begins, len(keyed), len(whole))
    rows = [
        row
        for row, (start, end) in zip(keyed, pairwise(bounds), strict=True)
        for _ in range(start, end)
    ]
    if len(rows) != len(whole):
        raise damaged(begins)
    truths: Words = [0] * len(whole)
    if conditional:
        truths = column(sections, Section.CONDITIONAL_TRUTHS, len(whole), None)
    return _Table(rows, whole, truths, [[place] for place in where])


def _moved(table: _Table, move: _Move, lists: Mapping[int, list[int]]) -> _Table:
    """The rules of a table that still have places, with these as they are now."""

    def now(word: int) -> list[int]:
        if word < LISTED:
            known = [word]
        elif word - LISTED in lists:
            known = lists[word - LISTED]
        else:
            raise damaged(Section.PLACE_LISTS)
        return [place for place in map(move.one, known) if place is not None]

    low, high, shift = move.low, move.high, move.shift
    places = [
        place
        if (word := place[0]) < low
        else [word + shift]
        if high <= word < LISTED
        else now(word)
        for place in table.places
    ]
    kept = list(map(bool, places))
    rows, whole, truths = (list(compress(one, kept)) for one in table[:3])
    return _Table(rows, whole, truths, list(compress(places, kept)))


def _named(vocabulary: Vocabulary, tables: Iterable[_Table], grants: int) -> set[int]:
    """The attributes that rules name, and the special targets."""
    classes = len(vocabulary.classes)
    labels: set[int] = set()
    for table in tables:
        labels.update(row // classes for row in set(table.rows))
        labels.update(one // grants for one in set(table.whole))
    return _attributes(vocabulary, labels)


def _attributes(vocabulary: Vocabulary, labels: set[int]) -> set[int]:
    """The labels that are no types, without `self`."""
    types, itself = len(vocabulary.types), len(vocabulary.labels)
    return {label for label in labels if label >= types and label != itself}


def _packed(
    vocabulary: Vocabulary,
    grants: Sequence[tuple[int, ...]],
    tables: tuple[_Table, _Table],
    added: Mapping[tuple[int, int, tuple[int, ...]], list[int]],
    truths: int,
) -> dict[int, bytes]:
    """The sections of the rules: those of the tables, and some that always hold."""
    count = len(grants)
    used = {one % count for table in tables for one in set(table.whole)}
    now = sorted({*(grants[number] for number in used), *(grant for _, _, grant in added)})
    numbers = {grant: number for number, grant in enumerate(now)}
    to = [numbers.get(grant, 0) for grant in grants]
    size = len(now)
    span = (len(vocabulary.labels) + len(SPECIAL)) * size
    keyed = [
        [
            row * span + one // count * size + to[one % count]
            for row, one in zip(table.rows, table.whole, strict=True)
        ]
        for table in tables
    ]
    always = dict(zip(keyed[0], tables[0].places, strict=True))
    for (row, target, grant), places in added.items():
        key = row * span + target * size + numbers[grant]
        always[key] = [*always.get(key, ()), *places]
    sometimes = {
        key * truths + truth: places
        for key, truth, places in zip(keyed[1], tables[1].truths, tables[1].places, strict=True)
    }
    numbered = _Places()
    return {
        Section.GRANTS: records_of(now),
        **pack_rows(always, span, 0, numbered, Section.ROWS),
        **pack_rows(sometimes, span, truths, numbered, Section.CONDITIONAL_ROWS),
        Section.PLACE_LISTS: words(numbered.lists),
    }
