"""What the rules of a policy grant a type, as functions of the booleans.

A permission here is one bit of a grant.  What a source may do is a partition of its targets: parts
as bits, each with the diagram of when the permission is granted; targets in no part have it never.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from lsmc.modules.selinux.diff.bdd import FALSE, TRUE, Diagrams
from lsmc.modules.selinux.diff.sides import Side
from lsmc.modules.selinux.tables.layout import DENY, MASK_BITS, NOTHING

#: Targets as bits, and a diagram.
Part = tuple[int, int]
Partition = list[Part]


class Effective:
    """What one policy grants."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self._diagrams = side.common.diagrams
        #: Of a label and class, for each bit of a grant: what its rules say.
        self._rows: dict[tuple[int, int], dict[int, list[tuple[int, int]]]] = {}

    def of(self, source_bit: int, cls: int, bit: int) -> Partition:
        """The targets to which a type has a permission, by rules, constraints and bounds.

        Of constraints only what follows from types alone counts; bounds as the kernel does.
        """
        found = self._granted(source_bit, cls, bit)
        if bit >= MASK_BITS:
            return found
        tables = self._side.tables
        source = self._side.number_of[source_bit]
        for _ in range(len(tables.bounds)):
            parent = tables.bounds[source]
            parent_bit = None if parent == NOTHING else self._side.bit_of[parent]
            if not found or parent == NOTHING:
                break
            if parent_bit is None:
                return []
            granted = self._through_bounds(self._granted(parent_bit, cls, bit))
            found = conjunction(self._diagrams, found, granted)
            source = parent
        return found

    def _through_bounds(self, granted: Partition) -> Partition:
        """From what is granted on parents of targets to what bounds let through on the targets."""
        bounded = self._bounded_targets
        if not bounded:
            return granted
        free = self._side.common.all
        for own, _ in bounded:
            free &= ~own
        found = [(bits & free, node) for bits, node in granted if bits & free]
        for own, parent in bounded:
            found += [(own, node) for bits, node in granted if bits & parent]
        return found

    @cached_property
    def _bounded_targets(self) -> list[tuple[int, int]]:
        """The types that have a parent, and the parents, as bits; a parent not shared is no bit."""
        found = []
        for number, parent in enumerate(self._side.tables.bounds):
            own = self._side.bit_of[number]
            if parent != NOTHING and own is not None:
                outer = self._side.bit_of[parent]
                found.append((1 << own, 0 if outer is None else 1 << outer))
        return found

    def _granted(self, source_bit: int, cls: int, bit: int) -> Partition:
        """By rules, and by constraints over types."""
        side, source = self._side, self._side.number_of[source_bit]
        always, sometimes = 0, []
        for label in side.tables.memberships.labels_of(source):
            for target, node in self._row(label, cls).get(bit, ()):
                targets = side.targets(source_bit, label, target)
                if node == TRUE:
                    always |= targets
                elif targets:
                    sometimes.append((targets, node))
        if bit < MASK_BITS:
            gone = side.never(source_bit, cls, 1 << bit)
            for label in side.tables.memberships.labels_of(source):
                for target, _ in self._row(label, cls).get(DENY * MASK_BITS + bit, ()):
                    gone |= side.targets(source_bit, label, target)
            always &= ~gone
            sometimes = [(targets & ~gone, node) for targets, node in sometimes]
        found: Partition = [(always, TRUE)] if always else []
        for targets, node in sometimes:
            found = disjunction(self._diagrams, found, targets & ~always, node)
        return found

    def _row(self, label: int, cls: int) -> dict[int, list[tuple[int, int]]]:
        """For each bit of a grant, the targets and diagrams of the rules of a label."""
        known = self._rows.get((label, cls))
        if known is None:
            known = defaultdict(list)
            tables = self._side.tables
            for rows in (tables.rows, tables.conditional):
                for entry in rows.entries(label, cls) if rows.has(label, cls) else ():
                    node = TRUE if entry.truth is None else self._side.node(entry.truth)
                    for bit in bits_of(entry.mask):
                        known[MASK_BITS * entry.kind + bit].append((entry.target, node))
            self._rows[label, cls] = known
        return known


def bits_of(mask: int) -> Iterable[int]:
    """The numbers of the bits that are set."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def disjunction(diagrams: Diagrams, parts: Partition, targets: int, node: int) -> Partition:
    """A partition with a function added at some targets."""
    found: Partition = []
    for bits, known in parts:
        common = bits & targets
        if common:
            found.append((common, diagrams.either(known, node)))
        if bits & ~targets:
            found.append((bits & ~targets, known))
        targets &= ~bits
    if targets and node != FALSE:
        found.append((targets, node))
    return found


def conjunction(diagrams: Diagrams, one: Partition, other: Partition) -> Partition:
    """Where both partitions grant."""
    found: Partition = []
    for bits, node in one:
        for others, also in other:
            both = diagrams.both(node, also)
            if bits & others and both != FALSE:
                found.append((bits & others, both))
    return found


def pairs(one: Partition, other: Partition, region: int) -> Iterable[tuple[int, int, int]]:
    """Targets of a region by what both partitions say of them, where one grants anything."""
    rest = region
    for bits, node in one:
        left = bits & region
        for others, also in other:
            if left & others:
                yield left & others, node, also
        for others, _ in other:
            left &= ~others
        if left:
            yield left, node, FALSE
        rest &= ~bits
    for bits, node in other:
        if bits & rest:
            yield bits & rest, FALSE, node
