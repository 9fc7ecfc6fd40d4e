"""Which types have which attributes, and by which statements."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from lsmc.modules.selinux.tables.layout import NOTHING, AttributeSetRecord, Section
from lsmc.modules.selinux.tables.reading import column, damaged, records, starts
from lsmc.modules.selinux.tables.vocabulary import Vocabulary
from lsmc.tables.sections import Sections, Words


class Membership(NamedTuple):
    """A step from a type to an attribute: a label in an attribute, and where that is said."""

    member: int
    attribute: int
    place: int


class Memberships:
    """Types and their attributes."""

    def __init__(self, sections: Sections, vocabulary: Vocabulary) -> None:
        self._sections = sections
        self._types = len(vocabulary.types)
        self._labels = len(vocabulary.labels)
        words = sections.words(Section.MEMBERSHIPS)
        self._starts = starts(sections, Section.ATTRIBUTES, self._types, len(words) // 2)
        self._attributes = words[::2]
        self._statements = words[1::2]
        column(sections, Section.MEMBERSHIPS, 2 * self._starts[-1], None)
        self._labels_of: dict[int, tuple[int, ...]] = {}

    def labels_of(self, number: int) -> tuple[int, ...]:
        """A type and its attributes: what rules may say to mean it."""
        known = self._labels_of.get(number)
        if known is None:
            part = self._attributes[self._starts[number] : self._starts[number + 1]]
            if any(not self._types <= label < self._labels for label in part):
                raise damaged(Section.MEMBERSHIPS)
            known = self._labels_of[number] = (number, *part)
        return known

    @cached_property
    def _members(self) -> list[list[int]]:
        found: list[list[int]] = [[] for _ in range(self._labels)]
        for number in range(self._types):
            for label in self.labels_of(number):
                found[label].append(number)
        return found

    def members(self, label: int) -> Sequence[int]:
        """The types that a label means, ascending: a type itself, or those of an attribute."""
        return (label,) if label < self._types else self._members[label]

    @cached_property
    def _by_members(self) -> dict[frozenset[int], int]:
        return {
            frozenset(self._members[label]): label
            for label in range(self._labels - 1, self._types - 1, -1)
        }

    def named(self, members: frozenset[int]) -> int | None:
        """The first attribute that has exactly some members."""
        return self._by_members.get(members)

    @cached_property
    def _sets(self) -> list[AttributeSetRecord]:
        names = len(self._sections.words(Section.SET_NAMES))
        limits = (self._labels, None, names + 1, names + 1)
        return records(self._sections, Section.ATTRIBUTE_SETS, AttributeSetRecord._make, limits)

    @cached_property
    def _set_names(self) -> Words:
        count = len(self._sections.words(Section.SET_NAMES))
        return column(self._sections, Section.SET_NAMES, count, self._labels)

    def chain(self, number: int, attribute: int) -> list[Membership]:
        """How a type comes to an attribute, the step out of the type first; none if it does not.

        A statement that puts the type in without naming it, by `not` or `all`, is one step.
        """
        steps: list[Membership] = []
        while len(steps) <= self._labels:
            part = self._attributes[self._starts[number] : self._starts[number + 1]]
            at = next((at for at, label in enumerate(part) if label == attribute), None)
            if at is None:
                return []
            statement = self._statements[self._starts[number] + at]
            if statement == NOTHING:
                return steps[::-1]
            if statement >= len(self._sets):
                raise damaged(Section.MEMBERSHIPS)
            found = self._sets[statement]
            names = self._set_names[found.first : found.end]
            labels = set(self.labels_of(number))
            between = [name for name in names if name in labels and name >= self._types]
            if number in names or not between:
                steps.append(Membership(number, attribute, found.place))
                return steps[::-1]
            steps.append(Membership(between[0], attribute, found.place))
            attribute = between[0]
        return steps[::-1]
