"""Checked reading of sections: whatever the bytes, no number leads out of its table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import le
from typing import NamedTuple, TypeVar

from lsmc.modules.selinux.tables.layout import NOTHING, Section
from lsmc.tables.errors import BundleError
from lsmc.tables.sections import Sections, Words

Made = TypeVar("Made")


class OrNothing(NamedTuple):
    """A limit of a column whose numbers may be `NOTHING`."""

    limit: int


#: What the numbers of a column must be below; None for any number.
Limit = int | OrNothing | None


def damaged(section: Section) -> BundleError:
    """The fault of a section whose numbers cannot be."""
    return BundleError(f"section {section.name.lower()} is damaged")


def starts(sections: Sections, section: Section, count: int, limit: int) -> Words:
    """Where each of some lists begins, and the end of the last one; raises `BundleError`."""
    column = sections.words(section)
    if len(column) != count + 1 or column[0] or column[-1] > limit:
        raise damaged(section)
    if not all(map(le, column, column[1:])):
        raise damaged(section)
    return column


def column(sections: Sections, section: Section, count: int, limit: Limit) -> Words:
    """A column of numbers, one a record; raises `BundleError`."""
    found = sections.words(section)
    if len(found) != count or not _within(found, limit):
        raise damaged(section)
    return found


def records(
    sections: Sections,
    section: Section,
    make: Callable[[Iterable[int]], Made],
    limits: Sequence[Limit],
) -> list[Made]:
    """The records of a section, each made of its words; raises `BundleError`."""
    words = sections.words(section)
    width = len(limits)
    if len(words) % width:
        raise damaged(section)
    if not all(_within(words[at::width], limit) for at, limit in enumerate(limits)):
        raise damaged(section)
    return [make(words[at : at + width]) for at in range(0, len(words), width)]


def _within(numbers: Words, limit: Limit) -> bool:
    if limit is None:
        return True
    if isinstance(limit, OrNothing):
        return all(number < limit.limit or number == NOTHING for number in numbers)
    return max(numbers, default=-1) < limit
