"""Sets of types as bits, and what rules let a type do to which types."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.modules.selinux.engine import Engine
from lsmc.modules.selinux.tables.layout import ALLOW, DENY, NOTHING
from lsmc.modules.selinux.tables.rows import NOTSELF, OTHER, SELF, Entry


class Targets:
    """What types may do to others with the booleans as the policy sets them.

    Contexts are not asked: constraints and roles may still refuse it.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tables = engine.tables
        self._bits: dict[int, int] = {}
        self.all = (1 << len(engine.tables.names.types)) - 1

    def bits(self, label: int) -> int:
        """The types that a label means, as bits."""
        known = self._bits.get(label)
        if known is None:
            known = 0
            for number in self._tables.memberships.members(label):
                known |= 1 << number
            self._bits[label] = known
        return known

    def of_entry(self, source: int, entry: Entry) -> int:
        """The types that a rule means as objects of a source, as bits."""
        special = entry.target - len(self._tables.names.labels)
        if special == SELF:
            return 1 << source
        if special == NOTSELF:
            return self.all & ~(1 << source)
        if special == OTHER:
            return self.bits(entry.source) & ~(1 << source)
        return self.bits(entry.target)

    def entries(self, source: int, cls: int, kind: int = ALLOW) -> Iterator[Entry]:
        """The rules of a kind, of a type and class, that hold; its own first."""
        state = self._engine.default_state
        for label in self._tables.memberships.labels_of(source):
            for rows in (self._tables.rows, self._tables.conditional):
                if rows.has(label, cls):
                    for entry in rows.entries(label, cls):
                        if entry.kind == kind and (entry.truth is None or state.holds(entry.truth)):
                            yield entry

    def allowed(self, source: int, cls: int, permission: int) -> int:
        """The types to which a type has a permission, by its bit, as bits; bounds count."""
        found = 0
        for entry in self.entries(source, cls):
            if entry.mask >> permission & 1:
                found |= self.of_entry(source, entry)
        for entry in self.entries(source, cls, DENY):
            if entry.mask >> permission & 1:
                found &= ~self.of_entry(source, entry)
        if found and self._tables.bounds[source] != NOTHING:
            vectors, state = self._engine.vectors, self._engine.default_state
            for target in numbers(found):
                if not vectors.of_types(state, source, target, cls).allow >> permission & 1:
                    found &= ~(1 << target)
        return found


def numbers(bits: int) -> Iterator[int]:
    """The numbers of the bits that are set, ascending."""
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low
