"""Constraint expressions as text."""

from __future__ import annotations

from collections.abc import Sequence

from lsmc.modules.selinux.decide.constraints import Leaf, Operand, Operator, Tree, tree
from lsmc.modules.selinux.tables.layout import Section
from lsmc.modules.selinux.tables.reading import damaged
from lsmc.modules.selinux.tables.tables import Tables

#: Names of a set that are listed; of larger sets only the number is told.
_LISTED = 8
_KEYWORDS = {Operator.IN: "eq", Operator.NOT_IN: "neq"}


def constraint_text(words: Sequence[int], tables: Tables) -> str:
    """A constraint's expression as CIL; a set that is an attribute has its name."""
    try:
        return _text(tree(words), tables)
    except (IndexError, ValueError):
        raise damaged(Section.CONSTRAINT_WORDS) from None


def _text(root: Tree, tables: Tables) -> str:
    if isinstance(root, Leaf):
        return leaf_text(root, tables)
    parts = " ".join(_text(part, tables) for part in root.parts)
    return f"({root.operator.name.lower()} {parts})"


def leaf_text(leaf: Leaf, tables: Tables) -> str:
    """A comparison as CIL."""
    keyword = _KEYWORDS.get(leaf.operator, leaf.operator.name.lower())
    left = leaf.left.name.lower()
    if leaf.operator < Operator.IN:
        return f"({keyword} {left} {Operand(leaf.right).name.lower()})"
    return f"({keyword} {left} {_set_text(leaf, tables)})"


def _set_text(leaf: Leaf, tables: Tables) -> str:
    members = sorted(tables.name_sets[leaf.right])
    names = tables.names
    lists = {"U": names.users, "R": names.roles, "T": names.types}
    known = lists[leaf.left.name[0]]
    if leaf.left.name[0] == "T" and len(members) > 1:
        attribute = tables.memberships.named(frozenset(members))
        if attribute is not None:
            return names.labels[attribute]
    if len(members) > _LISTED:
        return f"({' '.join(known[one] for one in members[:_LISTED])} ...)"
    return (
        known[members[0]] if len(members) == 1 else f"({' '.join(known[one] for one in members)})"
    )
