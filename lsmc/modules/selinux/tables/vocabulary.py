"""The names in a bundle, and their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import accumulate, pairwise

from lsmc.modules.selinux.context.levels import LevelNames
from lsmc.modules.selinux.tables.layout import Counts, Head, Section
from lsmc.modules.selinux.tables.reading import column, damaged, starts
from lsmc.modules.selinux.tables.texts import unpack_texts
from lsmc.tables.sections import Sections


class Vocabulary:
    """The names of a policy; raises `BundleError` where they are damaged.

    Attributes:
        counts: how many names there are of each kind.
        classes, types, attributes, roles, users, booleans, files: names by number.
        labels: types, then attributes.
        texts: what else is referred to.
    """

    def __init__(self, sections: Sections) -> None:
        self._sections = sections
        words = sections.words(Section.HEAD)
        if len(words) != len(Head._fields) + len(Counts._fields):
            raise damaged(Section.HEAD)
        self.counts = counts = Counts(*words[len(Head._fields) :])
        try:
            names = unpack_texts(bytes(sections.body(Section.NAMES)))
        except ValueError:
            raise damaged(Section.NAMES) from None
        if len(names) != sum(counts):
            raise damaged(Section.NAMES)
        lists = [names[first:end] for first, end in pairwise(accumulate(counts, initial=0))]
        (
            self.classes,
            self._permissions,
            self.types,
            self.attributes,
            self._aliases,
            self.roles,
            self.users,
            self.booleans,
            self._sensitivities,
            self._categories,
            self._sensitivity_aliases,
            self._category_aliases,
            self.files,
            self.texts,
        ) = lists
        self.labels = [*self.types, *self.attributes]
        self._first_permissions = starts(
            sections, Section.PERMISSIONS, counts.classes, counts.permissions
        )
        if any(end - first > 32 for first, end in pairwise(self._first_permissions)):
            raise damaged(Section.PERMISSIONS)

    def permissions(self, cls: int) -> Sequence[str]:
        """The names of the permissions of a class, by bit."""
        return self._permissions[self._first_permissions[cls] : self._first_permissions[cls + 1]]

    def permission_names(self, cls: int, mask: int) -> tuple[str, ...]:
        """The names of the permissions in a mask, by bit."""
        return tuple(name for bit, name in enumerate(self.permissions(cls)) if mask >> bit & 1)

    @cached_property
    def class_numbers(self) -> Mapping[str, int]:
        """The classes by name."""
        return _numbers(self.classes)

    @cached_property
    def type_numbers(self) -> Mapping[str, int]:
        """The types by name, aliases too."""
        aliases = column(
            self._sections, Section.ALIASES, len(self._aliases), max(1, self.counts.types)
        )
        return {**dict(zip(self._aliases, aliases, strict=True)), **_numbers(self.types)}

    @cached_property
    def attribute_numbers(self) -> Mapping[str, int]:
        """The attributes by name, numbered behind the types."""
        return _numbers(self.attributes, len(self.types))

    @cached_property
    def role_numbers(self) -> Mapping[str, int]:
        """The roles by name."""
        return _numbers(self.roles)

    @cached_property
    def user_numbers(self) -> Mapping[str, int]:
        """The users by name."""
        return _numbers(self.users)

    @cached_property
    def boolean_numbers(self) -> Mapping[str, int]:
        """The booleans by name."""
        return _numbers(self.booleans)

    @cached_property
    def levels(self) -> LevelNames:
        """The names of levels."""
        numbers = self._sections.words(Section.LEVEL_ALIASES)
        first = len(self._sensitivity_aliases)
        sensitivities, categories = numbers[:first], numbers[first:]
        if (
            len(numbers) != first + len(self._category_aliases)
            or max(sensitivities, default=-1) >= len(self._sensitivities)
            or max(categories, default=-1) >= len(self._categories)
        ):
            raise damaged(Section.LEVEL_ALIASES)
        return LevelNames(
            {
                **dict(zip(self._sensitivity_aliases, sensitivities, strict=True)),
                **_numbers(self._sensitivities),
            },
            {
                **dict(zip(self._category_aliases, categories, strict=True)),
                **_numbers(self._categories),
            },
            self._sensitivities,
            self._categories,
        )


def _numbers(names: Sequence[str], first: int = 0) -> dict[str, int]:
    return {name: number for number, name in enumerate(names, first)}
