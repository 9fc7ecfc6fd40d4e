"""Constraints: expressions over the contexts of subject, object and task.

An expression is a sequence of words in postfix order, as in the kernel's policy: an operator of
`Operator`, followed by its operands if it compares.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from lsmc.modules.selinux.context.context import Context
from lsmc.modules.selinux.context.levels import dominates


class Operator(IntEnum):
    """The operators; the numbers stand in bundles.

    NOT, AND and OR take results.  The others compare: two operands follow them, each an `Operand`,
    or with `names` an `Operand` and the number of a set of names.
    """

    NOT = 0
    AND = 1
    OR = 2
    EQ = 3
    NEQ = 4
    DOM = 5
    DOMBY = 6
    INCOMP = 7
    IN = 8
    NOT_IN = 9


class Operand(IntEnum):
    """What an expression compares: a part of the subject (1), the object (2) or the task (3).

    Of a `validatetrans`, 1 is the old context and 2 is the new one.
    """

    U1 = 0
    R1 = 1
    T1 = 2
    L1 = 3
    H1 = 4
    U2 = 5
    R2 = 6
    T2 = 7
    L2 = 8
    H2 = 9
    U3 = 10
    R3 = 11
    T3 = 12


Test = Callable[[Sequence[Any]], bool]
#: Contexts beside each other, so that an operand is an index.
Fields = tuple[Any, ...]

_COMPARISONS: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQ: lambda one, other: bool(one == other),
    Operator.NEQ: lambda one, other: bool(one != other),
}
_ORDERS: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.DOM: dominates,
    Operator.DOMBY: lambda one, other: dominates(other, one),
    Operator.INCOMP: lambda one, other: not dominates(one, other) and not dominates(other, one),
}
LEVELS = frozenset((Operand.L1, Operand.H1, Operand.L2, Operand.H2))
_ROLES = frozenset((Operand.R1, Operand.R2, Operand.R3))
#: How deep operators of an expression may lie in each other.
MAX_DEPTH = 200


class Leaf(NamedTuple):
    """A comparison: of two operands, or of an operand with a set of names (`IN`, `NOT_IN`)."""

    operator: Operator
    left: Operand
    right: int


class Node(NamedTuple):
    """NOT of one part, AND or OR of two."""

    operator: Operator
    parts: tuple[Tree, ...]


Tree = Leaf | Node


def fields(source: Context, target: Context, task: Context | None = None) -> Fields:
    """The values of all operands, in their order."""
    return (*source, *target) if task is None else (*source, *target, *task)


def tree(words: Sequence[int]) -> Tree:
    """The tree of an expression; ValueError for words that are not one."""
    stack: list[tuple[int, Tree]] = []
    at = iter(words)
    try:
        for word in at:
            operator = Operator(word)
            if operator >= Operator.EQ:
                stack.append((0, _checked(Leaf(operator, Operand(next(at)), next(at)))))
                continue
            parts = [stack.pop() for _ in range(1 if operator is Operator.NOT else 2)][::-1]
            depth = 1 + max(depth for depth, _ in parts)
            if depth > MAX_DEPTH:
                raise ValueError("an expression is too deep")
            stack.append((depth, Node(operator, tuple(part for _, part in parts))))
    except (IndexError, StopIteration):
        raise ValueError("not an expression") from None
    if len(stack) != 1:
        raise ValueError("not an expression")
    return stack[0][1]


def _checked(leaf: Leaf) -> Leaf:
    """A comparison that can be made; ValueError for one that cannot."""
    if leaf.operator >= Operator.IN:
        if leaf.left in LEVELS:
            raise ValueError("a level is not one of some names")
        return leaf
    right = Operand(leaf.right)
    if (leaf.left in LEVELS) != (right in LEVELS):
        raise ValueError("a level is compared with a name")
    if leaf.operator >= Operator.DOM and not {leaf.left, right} <= LEVELS | _ROLES:
        raise ValueError("neither levels nor roles are ordered")
    return leaf


def leaves(root: Tree) -> Iterator[Leaf]:
    """The comparisons of an expression, in order."""
    pending = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, Leaf):
            yield node
        else:
            pending += reversed(node.parts)


def compiled(
    words: Sequence[int],
    names: Callable[[int], Collection[int]],
    *,
    object_role: int,
    task: bool = False,
) -> Test:
    """The function that evaluates an expression over `fields`.

    `names` gives the members of a set: numbers of users, roles or types.  A role dominates itself
    alone, but `object_role`, that of objects, dominates none: compilers make it so.  Raises
    ValueError for words that are not an expression, and for one about the task where there is
    none; IndexError for a set that is not there.
    """
    root = tree(words)
    if any(not task and max(_operands(leaf)) >= Operand.U3 for leaf in leaves(root)):
        raise ValueError("there is no task")
    return _test(root, names, object_role)


def _test(root: Tree, names: Callable[[int], Collection[int]], object_role: int) -> Test:
    if isinstance(root, Leaf):
        return _comparison(root, names, object_role)
    parts = [_test(part, names, object_role) for part in root.parts]
    if root.operator is Operator.NOT:
        return _negation(*parts)
    return (_conjunction if root.operator is Operator.AND else _disjunction)(*parts)


def _operands(leaf: Leaf) -> tuple[int, ...]:
    return (leaf.left,) if leaf.operator >= Operator.IN else (leaf.left, leaf.right)


def _negation(part: Test) -> Test:
    return lambda values: not part(values)


def _conjunction(left: Test, right: Test) -> Test:
    return lambda values: left(values) and right(values)


def _disjunction(left: Test, right: Test) -> Test:
    return lambda values: left(values) or right(values)


def _comparison(leaf: Leaf, names: Callable[[int], Collection[int]], object_role: int) -> Test:
    left = int(leaf.left)
    if leaf.operator >= Operator.IN:
        members = names(leaf.right)
        if leaf.operator is Operator.IN:
            return lambda values: values[left] in members
        return lambda values: values[left] not in members
    right = int(Operand(leaf.right))
    if leaf.operator >= Operator.DOM and leaf.left not in LEVELS:
        if leaf.operator is Operator.INCOMP:
            return lambda values: values[left] != values[right] or values[left] == object_role
        return lambda values: values[left] == values[right] != object_role
    compare = _COMPARISONS.get(leaf.operator) or _ORDERS[leaf.operator]
    return lambda values: compare(values[left], values[right])
