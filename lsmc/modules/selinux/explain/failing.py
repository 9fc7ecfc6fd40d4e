"""Why a constraint fails: the comparisons that would have to come out otherwise, with the values.

An `or` fails since all its parts do, an `and` since some do; `not` turns both round.  So the
comparisons that are told are those that are false (below `not`: true) on every way to the root.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lsmc.modules.selinux.context.context import Context
from lsmc.modules.selinux.context.levels import format_level
from lsmc.modules.selinux.decide.constraints import (
    LEVELS,
    Fields,
    Leaf,
    Operand,
    Operator,
    Test,
    Tree,
    compiled,
    fields,
    tree,
)
from lsmc.modules.selinux.decide.words import leaf_text
from lsmc.modules.selinux.tables.layout import ConstraintRecord, Section
from lsmc.modules.selinux.tables.reading import damaged

if TYPE_CHECKING:
    from lsmc.modules.selinux.tables.tables import Tables


class Failing(NamedTuple):
    """A comparison that makes a constraint fail.

    `says` has its values; `alone` tells whether the constraint would hold if it came out otherwise.
    """

    leaf: Leaf
    text: str
    says: str
    alone: bool


def failing(
    tables: Tables, rule: ConstraintRecord, source: Context, target: Context
) -> list[Failing]:
    """The comparisons that make a constraint fail, in order."""
    words = tables.constraint_words[rule.first : rule.end]
    values = fields(source, target)
    try:
        root = tree(words)
        _test(tables, words)  # so that all sets are there
    except (ValueError, IndexError):
        raise damaged(Section.CONSTRAINT_WORDS) from None
    found = []
    for leaf in dict.fromkeys(_blamed(tables, root, values, wanted=True)):
        alone = _truth(tables, root, values, leaf)
        found.append(Failing(leaf, leaf_text(leaf, tables), _says(tables, leaf, values), alone))
    return found


def _truth(tables: Tables, root: Tree, values: Fields, other: Leaf | None = None) -> bool:
    """Whether an expression is true, where one comparison comes out otherwise."""
    if isinstance(root, Leaf):
        return _leaf(tables, root, values) != (root == other)
    parts = (_truth(tables, part, values, other) for part in root.parts)
    if root.operator is Operator.NOT:
        return not next(parts)
    return all(parts) if root.operator is Operator.AND else any(parts)


def _leaf(tables: Tables, leaf: Leaf, values: Fields) -> bool:
    words = (leaf.operator, leaf.left, leaf.right)
    return _test(tables, words)(values)


def _test(tables: Tables, words: Sequence[int]) -> Test:
    return compiled(words, tables.name_sets.__getitem__, object_role=tables.head.object_role)


def _blamed(tables: Tables, root: Tree, values: Fields, *, wanted: bool) -> Iterator[Leaf]:
    """The comparisons of a part that comes out otherwise than wanted."""
    if isinstance(root, Leaf):
        yield root
    elif root.operator is Operator.NOT:
        yield from _blamed(tables, root.parts[0], values, wanted=not wanted)
    else:
        for part in root.parts:
            if _truth(tables, part, values) != wanted:
                yield from _blamed(tables, part, values, wanted=wanted)


def _says(tables: Tables, leaf: Leaf, values: Fields) -> str:
    """The values that a comparison compares."""
    left = f"{leaf.left.name.lower()} is {_value(tables, leaf.left, values)}"
    if leaf.operator >= Operator.IN:
        return left
    right = Operand(leaf.right)
    return f"{left}, {right.name.lower()} is {_value(tables, right, values)}"


def _value(tables: Tables, operand: Operand, values: Fields) -> str:
    value, names = values[operand], tables.names
    if operand in LEVELS:
        return format_level(value, names.levels)
    lists = {"U": names.users, "R": names.roles, "T": names.types}
    return lists[operand.name[0]][value]
