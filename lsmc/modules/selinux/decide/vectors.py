"""Access vectors: what a context may do to another, as the kernel computes it.

The order is that of `context_struct_compute_av` of Linux: rules, constraints, role changes, bounds.
Each step after the first only takes away.
"""

from __future__ import annotations

from typing import NamedTuple

from lsmc.modules.selinux.context.context import Context
from lsmc.modules.selinux.decide.constraints import Test, compiled, fields
from lsmc.modules.selinux.decide.states import State
from lsmc.modules.selinux.tables.layout import MASK_BITS, NOTHING, ConstraintRecord, Section
from lsmc.modules.selinux.tables.reading import damaged
from lsmc.modules.selinux.tables.tables import Tables

_MASK = (1 << MASK_BITS) - 1
#: Permissions of class `process` that change the role of a task.
_TRANSITIONS = frozenset(("transition", "dyntransition"))


class Vector(NamedTuple):
    """What a subject may do to an object; all are masks of the class's permissions.

    Attributes:
        allow: what is granted.
        audit: what is logged when it is granted.
        quiet: what is not logged when it is refused.
        types: what the rules grant, before anything takes away.
        failed: the constraints that take something away, by number.
        role: what the missing `roleallow` takes away.
        bounds: what the bounds of types take away.
    """

    allow: int
    audit: int
    quiet: int
    types: int
    failed: tuple[int, ...] = ()
    role: int = 0
    bounds: int = 0


class Vectors:
    """Computes access vectors."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._tests: dict[tuple[int, int, int], Test] = {}
        self._constraints: dict[int, tuple[tuple[int, int, Test], ...]] = {}
        self._process = tables.head.process_class
        self._transitions = 0
        if self._process != NOTHING:
            names = tables.names.permissions(self._process)
            self._transitions = sum(
                1 << bit for bit, name in enumerate(names) if name in _TRANSITIONS
            )

    def of_types(self, state: State, source: int, target: int, cls: int) -> Vector:
        """By rules and bounds alone, for types whose contexts are not known."""
        grant = state.grant(source, target, cls)
        types = grant & _MASK
        allow, bounds = types, 0
        for parent, object_type in self.bounding(source, target):
            bounds |= allow & ~state.grant(parent, object_type, cls)
        return Vector(
            allow & ~bounds & _MASK,
            grant >> MASK_BITS & _MASK,
            grant >> 2 * MASK_BITS & _MASK,
            types,
            bounds=bounds & _MASK,
        )

    def of(self, state: State, source: Context, target: Context, cls: int) -> Vector:
        """What a context may do to another."""
        grant = state.grant(source.type, target.type, cls)
        types = grant & _MASK
        allow, failed, role = self._restricted(source, target, cls, types)
        bounds = 0
        for parent, object_type in self.bounding(source.type, target.type):
            granted = state.grant(parent, object_type, cls) & _MASK
            outer, inner = source._replace(type=parent), target._replace(type=object_type)
            bounds |= allow & ~self._restricted(outer, inner, cls, granted)[0]
        return Vector(
            allow & ~bounds,
            grant >> MASK_BITS & _MASK,
            grant >> 2 * MASK_BITS & _MASK,
            types,
            failed,
            role,
            bounds,
        )

    def _restricted(
        self, source: Context, target: Context, cls: int, allow: int
    ) -> tuple[int, tuple[int, ...], int]:
        """What constraints and role changes leave, which constraints and what role changes took."""
        failed: list[int] = []
        left = allow
        constraints = self.constraints(cls) if allow else ()
        if constraints:
            values = fields(source, target)
            for number, mask, test in constraints:
                if allow & mask and not test(values):
                    left &= ~mask
                    failed.append(number)
        role = 0
        if (
            cls == self._process
            and source.role != target.role
            and left & self._transitions
            and (source.role, target.role) not in self._tables.role_allows
        ):
            role = left & self._transitions
            left &= ~role
        return left, tuple(failed), role

    def bounding(self, source: int, target: int) -> list[tuple[int, int]]:
        """The pairs of types that bound a pair, from parent to parent."""
        parents = self._tables.bounds
        found: list[tuple[int, int]] = []
        while (parent := parents[source]) != NOTHING:
            if len(found) > len(parents):
                raise damaged(Section.BOUNDS)
            outer = parents[target]
            target = target if outer == NOTHING else outer
            source = parent
            found.append((source, target))
        return found

    def constraints(self, cls: int) -> tuple[tuple[int, int, Test], ...]:
        """The constraints of a class: number, permissions, test."""
        known = self._constraints.get(cls)
        if known is None:
            known = self._constraints[cls] = tuple(
                (number, one.permissions, self.test(one))
                for number, one in enumerate(self._tables.constraints)
                if one.cls == cls and not one.validates
            )
        return known

    def unmet(self, old: Context, new: Context, task: Context, cls: int) -> tuple[int, ...]:
        """The constraints by number that forbid a task to change an object's label."""
        values = fields(old, new, task)
        return tuple(
            number
            for number, one in enumerate(self._tables.constraints)
            if one.cls == cls and one.validates and not self.test(one)(values)
        )

    def test(self, rule: ConstraintRecord) -> Test:
        """The test of a constraint."""
        key = (rule.first, rule.end, rule.validates)
        known = self._tests.get(key)
        if known is None:
            words = self._tables.constraint_words[rule.first : rule.end]
            try:
                known = compiled(
                    words,
                    self._tables.name_sets.__getitem__,
                    object_role=self._tables.head.object_role,
                    task=bool(rule.validates),
                )
            except (ValueError, IndexError):
                raise damaged(Section.CONSTRAINT_WORDS) from None
            self._tests[key] = known
        return known
