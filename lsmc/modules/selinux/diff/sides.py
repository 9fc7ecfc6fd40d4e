"""One of two policies that are compared, in the names that both share.

Types are bits, numbered over the types that both policies have; conditions are diagrams over the
names of booleans; classes and permissions have the numbers of the first policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from lsmc.modules.selinux.decide import conditions
from lsmc.modules.selinux.decide.constraints import Leaf, Operand, Operator, Tree, leaves
from lsmc.modules.selinux.diff.bdd import TRUE, Diagrams
from lsmc.modules.selinux.engine import Engine
from lsmc.modules.selinux.tables.layout import NOTHING, Section
from lsmc.modules.selinux.tables.reading import damaged
from lsmc.modules.selinux.tables.rows import NOTSELF, OTHER, SELF
from lsmc.modules.selinux.tables.vocabulary import Vocabulary

_TYPES = frozenset((Operand.T1, Operand.T2))


class Common:
    """What two policies both name.

    Attributes:
        types: the types that both have.
        bits: the bit of each.
        all: the bits of all.
        classes: the classes that both have.
    """

    def __init__(self, old: Engine, new: Engine) -> None:
        self.diagrams = Diagrams()
        names, others = old.tables.names, new.tables.names
        own = set(others.types)
        self.types = [name for name in names.types if name in own]
        self.bits = {name: number for number, name in enumerate(self.types)}
        self.all = (1 << len(self.types)) - 1
        self.classes = [name for name in names.classes if name in others.class_numbers]
        self._permissions = {
            name: _shared_permissions(names, others, name) for name in self.classes
        }

    def permissions(self, cls: str) -> Sequence[str]:
        """The permissions of a class that both policies have."""
        return self._permissions[cls]

    def types_of(self, bits: int) -> list[str]:
        """The names of some types."""
        found = []
        while bits:
            low = bits & -bits
            found.append(self.types[low.bit_length() - 1])
            bits ^= low
        return found


def _shared_permissions(one: Vocabulary, other: Vocabulary, cls: str) -> list[str]:
    own = other.permissions(other.class_numbers[cls])
    return [name for name in one.permissions(one.class_numbers[cls]) if name in own]


class Side:
    """A policy in the terms of `Common`."""

    def __init__(self, engine: Engine, common: Common) -> None:
        self.engine = engine
        self.tables = engine.tables
        self.common = common
        names = self.tables.names
        self.bit_of = [common.bits.get(name) for name in names.types]
        self.number_of = {bit: number for number, bit in enumerate(self.bit_of) if bit is not None}
        self._nodes: dict[int, int] = {NOTHING: TRUE}
        self._members: dict[int, int] = {}
        self._sets: dict[int, int] = {}

    def members(self, label: int) -> int:
        """The common types that a label means, as bits."""
        known = self._members.get(label)
        if known is None:
            known = 0
            for number in self.tables.memberships.members(label):
                bit = self.bit_of[number]
                if bit is not None:
                    known |= 1 << bit
            self._members[label] = known
        return known

    @cached_property
    def _attributes(self) -> dict[int, str]:
        names = self.tables.names
        first = len(names.types)
        return {
            self.members(label): names.labels[label]
            for label in range(len(names.labels) - 1, first - 1, -1)
        }

    def attribute_of(self, bits: int) -> str | None:
        """The first attribute that has just some types."""
        return self._attributes.get(bits)

    def targets(self, source_bit: int, source: int, target: int) -> int:
        """The types that a target of a rule means for a source type and the rule's source."""
        special = target - len(self.tables.names.labels)
        if special < 0:
            return self.members(target)
        own = 1 << source_bit
        if special == SELF:
            return own
        if special == NOTSELF:
            return self.common.all & ~own
        return self.members(source) & ~own if special == OTHER else 0

    def node(self, truth: int) -> int:
        """The diagram of a conditional rule's truth."""
        known = self._nodes.get(truth)
        if known is None:
            diagrams = self.common.diagrams
            found = self._condition(truth >> 1)
            known = self._nodes[truth] = diagrams.negated(found) if truth & 1 else found
        return known

    def _condition(self, number: int) -> int:
        diagrams, names = self.common.diagrams, self.tables.names.booleans
        stack: list[int] = []
        try:
            for word in self.tables.conditions[number]:
                if word >= conditions.BOOLEAN:
                    stack.append(diagrams.variable(names[word - conditions.BOOLEAN]))
                    continue
                operator = conditions.Operator(word)
                right = stack.pop()
                if operator is conditions.Operator.NOT:
                    stack.append(diagrams.negated(right))
                    continue
                left = stack.pop()
                if operator is conditions.Operator.AND:
                    stack.append(diagrams.both(left, right))
                elif operator is conditions.Operator.OR:
                    stack.append(diagrams.either(left, right))
                else:
                    found = diagrams.differ(left, right)
                    equal = operator is conditions.Operator.EQ
                    stack.append(diagrams.negated(found) if equal else found)
            (found,) = stack
        except (IndexError, ValueError):
            raise damaged(Section.CONDITIONS) from None
        return found

    @cached_property
    def defaults(self) -> dict[str, bool]:
        """The default of each boolean."""
        names = self.tables.names.booleans
        return dict(zip(names, self.tables.defaults_of_booleans, strict=True))

    def by_default(self, node: int) -> bool:
        """The value of a diagram with the booleans as the policy sets them."""
        return self.common.diagrams.value(node, lambda name: self.defaults.get(name, False))

    # --- constraints over types --------------------------------------------------------------

    def never(self, source_bit: int, cls: int, mask: int) -> int:
        """The targets to which constraints refuse a permission whatever the contexts, as bits.

        Only what follows from the types alone is found.
        """
        found = 0
        for permissions, root in self._constraints.get(cls, ()):
            if permissions & mask:
                found |= self._known(root, source_bit)[1]
        return found

    @cached_property
    def _constraints(self) -> dict[int, list[tuple[int, Tree]]]:
        """The constraints of each class that say something of types: permissions, expression."""
        found: dict[int, list[tuple[int, Tree]]] = {}
        for one in self.tables.constraints:
            if one.validates:
                continue
            root = self.tables.expression(one)
            if any(leaf.left in _TYPES for leaf in leaves(root)):
                found.setdefault(one.cls, []).append((one.permissions, root))
        return found

    def _known(self, root: Tree, source_bit: int) -> tuple[int, int]:
        """The targets for which an expression is surely true, and those where it is false."""
        every = self.common.all
        if isinstance(root, Leaf):
            return self._leaf(root, source_bit)
        parts = [self._known(part, source_bit) for part in root.parts]
        if root.operator is Operator.NOT:
            return parts[0][1], parts[0][0]
        (true, false), (also_true, also_false) = parts
        if root.operator is Operator.AND:
            return true & also_true, (false | also_false) & every
        return (true | also_true) & every, false & also_false

    def _leaf(self, leaf: Leaf, source_bit: int) -> tuple[int, int]:
        every, own = self.common.all, 1 << source_bit
        if leaf.left not in _TYPES:
            return 0, 0
        if leaf.operator in (Operator.IN, Operator.NOT_IN):
            members = self._set(leaf.right)
            true = members if leaf.left is Operand.T2 else every * bool(members & own)
            if leaf.operator is Operator.NOT_IN:
                true = every & ~true
            return true, every & ~true
        true = own if leaf.left != leaf.right else every
        if leaf.operator is Operator.NEQ:
            true = every & ~true
        return true, every & ~true

    def _set(self, number: int) -> int:
        known = self._sets.get(number)
        if known is None:
            known = 0
            for member in self.tables.name_sets[number]:
                bit = self.bit_of[member] if member < len(self.bit_of) else None
                if bit is not None:
                    known |= 1 << bit
            self._sets[number] = known
        return known
