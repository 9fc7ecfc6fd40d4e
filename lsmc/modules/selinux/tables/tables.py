"""An open bundle of SELinux policy: its parts as values, each read and checked on first use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

from lsmc.modules.selinux.context.context import NO_LEVEL, Context, Grammar
from lsmc.modules.selinux.context.levels import Level, Range
from lsmc.modules.selinux.decide.conditions import BOOLEAN
from lsmc.modules.selinux.decide.constraints import Operator, Tree, leaves, tree
from lsmc.modules.selinux.tables import layout
from lsmc.modules.selinux.tables.layout import NOTHING, Head, Section
from lsmc.modules.selinux.tables.memberships import Memberships
from lsmc.modules.selinux.tables.reading import Limit, OrNothing, column, damaged, records, starts
from lsmc.modules.selinux.tables.rows import SPECIAL, Rows
from lsmc.modules.selinux.tables.vocabulary import Vocabulary
from lsmc.tables.sections import Sections, Words

Made = TypeVar("Made")


class Tables:
    """The tables of a policy; raises `BundleError` where they are damaged, here or when used."""

    def __init__(self, data: bytes | memoryview) -> None:
        self.sections = Sections(data, Section)
        self.names = Vocabulary(self.sections)
        self.head = Head(*self.sections.words(Section.HEAD)[: len(Head._fields)])
        head, counts = self.head, self.names.counts
        if (
            head.unknown >= len(layout.UNKNOWN_HANDLING)
            or head.columns < 2
            or not (head.object_role < counts.roles or head.object_role == NOTHING)
            or not (head.process_class < counts.classes or head.process_class == NOTHING)
        ):
            raise damaged(Section.HEAD)

    @cached_property
    def rows(self) -> Rows:
        """The rules that always hold."""
        return Rows(self.sections, self.names, conditional=False)

    @cached_property
    def conditional(self) -> Rows:
        """The rules that hold by the state of booleans."""
        return Rows(self.sections, self.names, conditional=True)

    @cached_property
    def memberships(self) -> Memberships:
        """The types and their attributes."""
        return Memberships(self.sections, self.names)

    def label_name(self, label: int) -> str:
        """The name of a type, an attribute or a special target."""
        names = self.names.labels
        return names[label] if label < len(names) else SPECIAL[label - len(names)]

    @cached_property
    def declarations(self) -> Words:
        """Where each type and attribute is declared."""
        return column(self.sections, Section.DECLARATIONS, len(self.names.labels), None)

    # --- booleans ----------------------------------------------------------------------------

    @cached_property
    def defaults_of_booleans(self) -> tuple[bool, ...]:
        """The default of each boolean."""
        found = self._records(Section.BOOLEANS, tuple, (2, None))
        if len(found) != len(self.names.booleans):
            raise damaged(Section.BOOLEANS)
        return tuple(bool(value) for value, _ in found)

    @cached_property
    def conditions(self) -> Sequence[Words]:
        """The expressions of conditions, as words of `decide.conditions`."""
        words = self.sections.words(Section.EXPRESSIONS)
        count = max(0, len(self.sections.words(Section.CONDITIONS)) - 1)
        ends = starts(self.sections, Section.CONDITIONS, count, len(words))
        column(self.sections, Section.EXPRESSIONS, len(words), BOOLEAN + len(self.names.booleans))
        return [words[first:end] for first, end in pairwise(ends)]

    # --- constraints -------------------------------------------------------------------------

    @cached_property
    def constraints(self) -> Sequence[layout.ConstraintRecord]:
        """All constraints, in the order of the policy."""
        size = len(self.constraint_words) + 1
        limits = (len(self.names.classes), None, size, size, 2, 2, None)
        return self._records(Section.CONSTRAINTS, layout.ConstraintRecord._make, limits)

    @cached_property
    def constraint_words(self) -> Words:
        """The words of the expressions of all constraints."""
        return self.sections.words(Section.CONSTRAINT_WORDS)

    def expression(self, rule: layout.ConstraintRecord) -> Tree:
        """The expression of a constraint; all sets that it names are there."""
        try:
            root = tree(self.constraint_words[rule.first : rule.end])
        except ValueError:
            raise damaged(Section.CONSTRAINT_WORDS) from None
        sets = len(self.name_sets)
        if any(leaf.operator >= Operator.IN and leaf.right >= sets for leaf in leaves(root)):
            raise damaged(Section.CONSTRAINT_WORDS)
        return root

    @cached_property
    def name_sets(self) -> Sequence[frozenset[int]]:
        """The sets of users, roles or types that constraints name."""
        words = self.sections.words(Section.NAME_SET_MEMBERS)
        count = max(0, len(self.sections.words(Section.NAME_SETS)) - 1)
        ends = starts(self.sections, Section.NAME_SETS, count, len(words))
        return [frozenset(words[first:end]) for first, end in pairwise(ends)]

    # --- types -------------------------------------------------------------------------------

    @cached_property
    def bounds(self) -> Words:
        """The parent of each type, `NOTHING` if it has none."""
        count = len(self.names.types)
        return column(self.sections, Section.BOUNDS, count, OrNothing(count))

    @cached_property
    def bound_places(self) -> Words:
        """Where it is said that a type has its parent."""
        return column(self.sections, Section.BOUND_PLACES, len(self.names.types), None)

    @cached_property
    def permissive(self) -> Mapping[int, int]:
        """The permissive types, each with the place that says so."""
        found = self._records(Section.PERMISSIVE, tuple, (len(self.names.types), None))
        return {record[0]: record[1] for record in found}

    @cached_property
    def extended(self) -> Sequence[layout.ExtendedRecord]:
        """The rules about numbers of calls."""
        labels, kinds = len(self.names.labels), len(layout.EXTENDED_KINDS)
        size = len(self.sections.words(Section.NUMBERS)) // 2 + 1
        limits = (
            *(kinds, labels, labels + 3, len(self.names.classes), len(self.names.texts)),
            *(size, size, OrNothing(2 * len(self.conditions)), None),
        )
        return self._records(Section.EXTENDED, layout.ExtendedRecord._make, limits)

    def numbers(self, rule: layout.ExtendedRecord) -> Iterable[tuple[int, int]]:
        """The numbers of a rule: first and last of each range."""
        words = self.sections.words(Section.NUMBERS)
        return zip(
            words[2 * rule.first : 2 * rule.end : 2],
            words[2 * rule.first + 1 : 2 * rule.end : 2],
            strict=True,
        )

    # --- roles, users, levels ----------------------------------------------------------------

    @cached_property
    def role_types(self) -> Sequence[frozenset[int]]:
        """The types of each role."""
        words = self.sections.words(Section.ROLE_TYPE_MEMBERS)
        count = len(self.names.roles)
        ends = starts(self.sections, Section.ROLE_TYPES, count, len(words))
        return [frozenset(words[first:end]) for first, end in pairwise(ends)]

    @cached_property
    def user_roles(self) -> frozenset[tuple[int, int]]:
        """The pairs of a user and one of its roles."""
        limits = (len(self.names.users), len(self.names.roles))
        return frozenset(
            (user, role) for user, role in self._records(Section.USER_ROLES, tuple, limits)
        )

    @cached_property
    def role_allows(self) -> Mapping[tuple[int, int], int]:
        """The changes of roles that are allowed, each with its place."""
        limits = (len(self.names.roles), len(self.names.roles), None)
        found = self._records(Section.ROLE_ALLOWS, tuple, limits)
        return {(source, target): place for source, target, place in found}

    @cached_property
    def levels(self) -> Sequence[Level]:
        """The levels that contexts and ranges refer to."""
        words = self.sections.words(Section.LEVEL_WORDS)
        count = max(0, len(self.sections.words(Section.LEVELS)) - 1)
        ends = starts(self.sections, Section.LEVELS, count, len(words))
        sensitivities = max(1, len(self.names.levels.sensitivity_names))
        categories = len(self.names.levels.category_names)
        found = []
        for first, end in pairwise(ends):
            if first == end or words[first] >= sensitivities:
                raise damaged(Section.LEVELS)
            mask = sum(word << 32 * at for at, word in enumerate(words[first + 1 : end]))
            if mask >> categories:
                raise damaged(Section.LEVELS)
            found.append(Level(words[first], mask))
        return found

    @cached_property
    def categories_of(self) -> Sequence[int]:
        """The categories that each sensitivity may have, as bits."""
        count = len(self.names.levels.sensitivity_names)
        found = column(self.sections, Section.SENSITIVITIES, count, len(self.levels))
        return [self.levels[number].categories for number in found]

    @cached_property
    def user_ranges(self) -> Sequence[Range]:
        """The range of each user."""
        limit = OrNothing(len(self.levels))
        found = self._records(Section.USERS, tuple, (limit, limit, None))
        if len(found) != len(self.names.users):
            raise damaged(Section.USERS)
        return [self.range(low, high) for low, high, _ in found]

    @cached_property
    def contexts(self) -> Sequence[Context]:
        """The contexts that statements of the policy name."""
        limit = OrNothing(len(self.levels))
        limits = (
            *(len(self.names.users), len(self.names.roles), len(self.names.types)),
            *(limit, limit),
        )
        found = self._records(Section.CONTEXTS, tuple, limits)
        return [
            Context(user, role, number, *self.range(low, high))
            for user, role, number, low, high in found
        ]

    def range(self, low: int, high: int) -> Range:
        """The range between two levels by number; the empty one where there are none."""
        if NOTHING in (low, high):
            return Range(NO_LEVEL, NO_LEVEL)
        return Range(self.levels[low], self.levels[high])

    @cached_property
    def grammar(self) -> Grammar:
        """What reading contexts needs."""
        names = self.names
        return Grammar(
            users=names.user_numbers,
            roles=names.role_numbers,
            types=names.type_numbers,
            user_names=names.users,
            role_names=names.roles,
            type_names=names.types,
            levels=names.levels if self.head.mls else None,
            user_roles=lambda user, role: (user, role) in self.user_roles,
            role_types=lambda role, number: number in self.role_types[role],
            user_range=lambda user: self.user_ranges[user],
            categories=lambda sensitivity: self.categories_of[sensitivity],
        )

    # --- labels ------------------------------------------------------------------------------

    @cached_property
    def type_rules(self) -> Sequence[layout.TypeRuleRecord]:
        """The type rules without names."""
        labels = len(self.names.labels)
        limits = (
            *(len(layout.TYPE_RULE_KINDS), labels, labels + 3, len(self.names.classes)),
            *(len(self.names.types), OrNothing(2 * len(self.conditions)), None),
        )
        return self._records(Section.TYPE_RULES, layout.TypeRuleRecord._make, limits)

    @cached_property
    def named_transitions(self) -> Sequence[layout.NamedTransitionRecord]:
        """The type transitions of objects with a name."""
        labels = len(self.names.labels)
        limits = (
            *(labels, labels + 3, len(self.names.classes), len(self.names.texts)),
            *(len(self.names.types), None),
        )
        return self._records(Section.NAMED_TRANSITIONS, layout.NamedTransitionRecord._make, limits)

    @cached_property
    def role_transitions(self) -> Sequence[layout.RoleTransitionRecord]:
        """The role transitions."""
        roles, labels = len(self.names.roles), len(self.names.labels)
        limits = (roles, labels + 3, len(self.names.classes), roles, None)
        return self._records(Section.ROLE_TRANSITIONS, layout.RoleTransitionRecord._make, limits)

    @cached_property
    def range_transitions(self) -> Sequence[layout.RangeTransitionRecord]:
        """The range transitions."""
        labels, levels = len(self.names.labels), len(self.levels)
        limits = (labels, labels + 3, len(self.names.classes), levels, levels, None)
        return self._records(Section.RANGE_TRANSITIONS, layout.RangeTransitionRecord._make, limits)

    @cached_property
    def default_parts(self) -> Mapping[tuple[int, str], tuple[str, int]]:
        """How new labels get their parts: from (class, part) to the value and its place."""
        parts, values = layout.DEFAULT_PARTS, layout.DEFAULT_VALUES
        limits = (len(parts), len(self.names.classes), len(values), None)
        found = self._records(Section.DEFAULTS, tuple, limits)
        return {(cls, parts[part]): (values[value], place) for part, cls, value, place in found}

    @cached_property
    def sids(self) -> Mapping[str, int]:
        """The context of each initial sid that has one, by its name."""
        limits = (len(self.names.texts), OrNothing(len(self.contexts)))
        found = self._records(Section.SIDS, tuple, limits)
        return {self.names.texts[name]: one for name, one in found if one != NOTHING}

    @cached_property
    def ports(self) -> Sequence[layout.PortRecord]:
        """The labels of ports, in the order in which they are tried."""
        limits = (len(self.names.texts), None, None, len(self.contexts), None)
        return self._records(Section.PORTS, layout.PortRecord._make, limits)

    @cached_property
    def fs_contexts(self) -> Sequence[layout.FsContextRecord]:
        """The labels in file systems that store none, in the order in which they are tried."""
        texts = len(self.names.texts)
        limits = (texts, texts, len(layout.FILE_KINDS), len(self.contexts), None)
        return self._records(Section.FS_CONTEXTS, layout.FsContextRecord._make, limits)

    @cached_property
    def file_contexts(self) -> Sequence[layout.FileContextRecord]:
        """The labels of paths; of those that match, the last one counts."""
        limits = (
            *(len(self.names.texts), len(layout.FILE_KINDS)),
            *(OrNothing(len(self.contexts)), None),
        )
        return self._records(Section.FILE_CONTEXTS, layout.FileContextRecord._make, limits)

    @cached_property
    def disabled(self) -> Sequence[tuple[str, str, str, int, int]]:
        """Optionals that are off: name, kind and name of what is missing, and two places."""
        texts = self.names.texts
        limits = (len(texts), len(texts), len(texts), None, None)
        return [
            (texts[name], texts[kind], texts[missing], place, named)
            for name, kind, missing, place, named in self._records(Section.DISABLED, tuple, limits)
        ]

    @cached_property
    def disabled_rules(self) -> Sequence[layout.DisabledRule]:
        """The allow rules of these optionals."""
        labels = len(self.names.labels)
        limits = (labels, labels + 3, len(self.names.classes), None, len(self.disabled), None)
        return self._records(Section.DISABLED_RULES, layout.DisabledRule._make, limits)

    @cached_property
    def capabilities(self) -> Sequence[str]:
        """The capabilities of the policy, which change what the kernel asks."""
        section, texts = Section.CAPABILITIES, self.names.texts
        found = column(self.sections, section, len(self.sections.words(section)), len(texts))
        return [texts[number] for number in found]

    @cached_property
    def other_contexts(self) -> Sequence[tuple[str, int]]:
        """The contexts of statements that label other things: the beginning of each, context."""
        texts = self.names.texts
        limits = (len(texts), OrNothing(len(self.contexts)))
        found = self._records(Section.OTHER_CONTEXTS, tuple, limits)
        return [(texts[text], context) for text, context in found]

    @cached_property
    def fs_uses(self) -> Mapping[str, tuple[str, int, int]]:
        """How file systems label their files: from the name to how, the context and the place."""
        limits = (len(layout.FS_USES), len(self.names.texts), len(self.contexts), None)
        found = self._records(Section.FS_USES, tuple, limits)
        texts, ways = self.names.texts, layout.FS_USES
        return {texts[fs]: (ways[how], context, place) for how, fs, context, place in found}

    def _records(
        self, section: Section, make: Callable[[Iterable[int]], Made], limits: Sequence[Limit]
    ) -> list[Made]:
        return records(self.sections, section, make, limits)
