"""One setting of the booleans: which conditional rules hold, and what rules grant to types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from lsmc.modules.selinux.decide.conditions import holds
from lsmc.modules.selinux.tables.layout import DENY, MASK_BITS, NOTHING, Section
from lsmc.modules.selinux.tables.reading import damaged
from lsmc.modules.selinux.tables.rows import NOTSELF, SELF, Entry, Row, Rows, other_of
from lsmc.modules.selinux.tables.tables import Tables

#: Answers that are kept, of each kind; then all are forgotten.
_KEPT = 1 << 18


class LabelRow(NamedTuple):
    """The row of a label: the table that it is of, and what it grants."""

    table: Rows
    label: int
    row: Row


class SharedRows:
    """What the rules that always hold grant; states share it."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._rows: dict[tuple[int, int], Row] = {}

    def row(self, source: int, cls: int) -> Row | None:
        """The row of a source and class, None if there is none."""
        known = self._rows.get((source, cls))
        if known is None and self.tables.rows.has(source, cls):
            known = self._rows[source, cls] = self.tables.rows.row(source, cls)
        return known


class State:
    """The policy under one setting of its booleans."""

    def __init__(self, rules: SharedRows, values: Sequence[bool]) -> None:
        self._always = rules
        self._tables = rules.tables
        self.values = values
        self._true: dict[int, bool] = {}
        self._rows: dict[tuple[int, int], tuple[LabelRow, ...]] = {}
        self._label_rows: dict[tuple[int, int], tuple[LabelRow, ...]] = {}
        self._grants: dict[tuple[int, int, int], int] = {}

    def holds(self, truth: int) -> bool:
        """Whether a rule's condition holds; `NOTHING` is none."""
        if truth == NOTHING:
            return True
        number = truth >> 1
        known = self._true.get(number)
        if known is None:
            try:
                known = holds(self._tables.conditions[number], self.values)
            except (ValueError, IndexError):
                raise damaged(Section.CONDITIONS) from None
            self._true[number] = known
        return known != bool(truth & 1)

    def grant(self, source: int, target: int, cls: int) -> int:
        """What the rules grant a type on another, before constraints, roles and bounds.

        What `deny` takes away is not granted.
        """
        key = (source, target, cls)
        known = self._grants.get(key)
        if known is None:
            if len(self._grants) >= _KEPT:
                self._grants.clear()
            union = self._union(source, target, cls)
            known = self._grants[key] = union & ~(union >> DENY * MASK_BITS)
        return known

    def rows(self, source: int, cls: int) -> tuple[LabelRow, ...]:
        """The rows of a type and of its attributes that have anything."""
        known = self._rows.get((source, cls))
        if known is None:
            if len(self._rows) >= _KEPT:
                self._rows.clear()
            labels = self._tables.memberships.labels_of(source)
            known = self._rows[source, cls] = tuple(
                row for label in labels for row in self._rows_of(label, cls)
            )
        return known

    def _rows_of(self, label: int, cls: int) -> Sequence[LabelRow]:
        known = self._label_rows.get((label, cls))
        if known is None:
            found = []
            always = self._always.row(label, cls)
            if always is not None:
                found.append(LabelRow(self._tables.rows, label, always))
            conditional = self._tables.conditional
            if conditional.has(label, cls):
                row = conditional.row(label, cls, self.holds)
                if row:
                    found.append(LabelRow(conditional, label, row))
            known = self._label_rows[label, cls] = tuple(found)
        return known

    def entries(self, source: int, target: int, cls: int, wanted: int) -> Iterator[Entry]:
        """The rules that hold, concern a pair of types, and have a part of a grant."""
        targets = self.targets(source, target)
        for table, label, row in self.rows(source, cls):
            if row.keys().isdisjoint(targets):
                continue
            for one in targets:
                grant = row.get(one)
                if grant is None or not grant & wanted:
                    continue
                for entry in table.entries_for(label, cls, one):
                    if entry.mask << MASK_BITS * entry.kind & wanted and (
                        entry.truth is None or self.holds(entry.truth)
                    ):
                        yield entry

    def targets(self, source: int, target: int) -> Sequence[int]:
        """The targets of rows that mean a type as the object of another, or of itself."""
        labels = self._tables.memberships.labels_of(target)
        special = len(self._tables.names.labels)
        if source == target:
            return (*labels, special + SELF)
        if self._tables.head.special:
            return (*labels, special + NOTSELF, *map(other_of, labels))
        return labels

    def _union(self, source: int, target: int, cls: int) -> int:
        rows = self.rows(source, cls)
        if not rows:
            return 0
        targets = self.targets(source, target)
        found = 0
        for _, _, row in rows:
            if not row.keys().isdisjoint(targets):
                for label in targets:
                    found |= row.get(label, 0)
        return found


def values_of(tables: Tables, changed: Mapping[int, bool]) -> tuple[bool, ...]:
    """The value of each boolean: its default, or as it is changed."""
    defaults = tables.defaults_of_booleans
    if not changed:
        return defaults
    return tuple(changed.get(number, value) for number, value in enumerate(defaults))
