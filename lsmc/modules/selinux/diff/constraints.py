"""Constraints of two policies: those that differ in what they say, however they are written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from lsmc.analysis.change import Change, Direction
from lsmc.modules.selinux.decide.constraints import Leaf, Operand, Operator, Tree
from lsmc.modules.selinux.decide.words import constraint_text
from lsmc.modules.selinux.diff.settings import POLICY
from lsmc.modules.selinux.diff.witnesses import differing, granted_pairs
from lsmc.modules.selinux.tables.tables import Tables

if TYPE_CHECKING:
    from lsmc.modules.selinux.diff.sides import Side

#: What a constraint is about: its keyword, and its expression in normal form.
Key = tuple[str, Hashable]


def changes(old: Side, new: Side) -> Iterator[Change]:
    """The constraints that one policy has, or has for more permissions."""
    types = frozenset(old.common.types)
    before, texts = _constraints(old.tables, types)
    after, more = _constraints(new.tables, types)
    texts.update(more)
    for key in sorted(before.keys() | after.keys(), key=lambda one: texts[one]):
        was, now = before.get(key, {}), after.get(key, {})
        classes = [cls for cls in sorted(was.keys() | now.keys()) if was.get(cls) != now.get(cls)]
        if not classes:
            continue
        gone = any(was.get(cls, frozenset()) - now.get(cls, frozenset()) for cls in classes)
        come = any(now.get(cls, frozenset()) - was.get(cls, frozenset()) for cls in classes)
        way: Direction = "other"
        if gone != come:
            way = "wider" if gone else "narrower"
        yield Change(
            POLICY,
            "setting",
            what=f"{key[0]} {texts[key]}",
            before=_text(was, classes),
            after=_text(now, classes),
            direction=way,
            witness=_witness(old, new, was, now, classes) if key[0] == "constrain" else None,
        )


def _witness(
    old: Side,
    new: Side,
    was: Mapping[str, frozenset[str]],
    now: Mapping[str, frozenset[str]],
    classes: Sequence[str],
) -> dict[str, str] | None:
    """A request that both policies answer differently; None where none is found."""
    for cls in classes:
        if cls not in old.common.classes:
            continue
        moved = sorted(was.get(cls, frozenset()) ^ now.get(cls, frozenset()))
        found = differing(old, new, granted_pairs(old, cls, moved), cls, moved)
        if found is not None:
            subject, obj, permission = found
            return {"subject": subject, "class": cls, "perms": permission, "object": obj}
    return None


def about_types(old: Tables, new: Tables, types: frozenset[str]) -> dict[str, frozenset[str]]:
    """The permissions, by class, that constraints which differ and name types are about."""
    before, after = (_constraints(tables, types)[0] for tables in (old, new))
    found: dict[str, frozenset[str]] = {}
    for key in before.keys() | after.keys():
        was, now = before.get(key, {}), after.get(key, {})
        if key[0] != "constrain" or not _names_types(key[1]):
            continue
        for cls in was.keys() | now.keys():
            moved = was.get(cls, frozenset()) ^ now.get(cls, frozenset())
            if moved:
                found[cls] = found.get(cls, frozenset()) | moved
    return found


def _names_types(normal: Hashable) -> bool:
    """Whether an expression in normal form compares types."""
    if isinstance(normal, tuple | frozenset):
        return any(map(_names_types, normal))
    return normal in (Operand.T1, Operand.T2)


def _text(found: Mapping[str, frozenset[str]], classes: list[str]) -> str | None:
    texts = [f"{cls} {' '.join(sorted(found[cls]))}".strip() for cls in classes if cls in found]
    return "; ".join(texts) or None


def _constraints(
    tables: Tables, types: frozenset[str]
) -> tuple[dict[Key, dict[str, frozenset[str]]], dict[Key, str]]:
    """The permissions of each class that a constraint is about, and the texts of constraints."""
    found: dict[Key, dict[str, frozenset[str]]] = defaultdict(dict)
    texts: dict[Key, str] = {}
    known: dict[tuple[int, int], tuple[Hashable, str]] = {}
    for rule in tables.constraints:
        part = (rule.first, rule.end)
        if part not in known:
            words = tables.constraint_words[rule.first : rule.end]
            normal = _normal(tables.expression(rule), tables, types)
            known[part] = (normal, constraint_text(words, tables))
        normal, text = known[part]
        key = ("validatetrans" if rule.validates else "constrain", normal)
        texts.setdefault(key, text)
        cls = tables.names.classes[rule.cls]
        permissions = tables.names.permission_names(rule.cls, rule.permissions)
        found[key][cls] = found[key].get(cls, frozenset()) | frozenset(permissions)
    return found, texts


def _normal(root: Tree, tables: Tables, types: frozenset[str]) -> Hashable:
    """An expression in a form that equal ones share: names, no order, no needless nesting."""
    if isinstance(root, Leaf):
        return _normal_leaf(root, tables, types)
    parts = [_normal(part, tables, types) for part in root.parts]
    if root.operator is Operator.NOT:
        (inner,) = parts
        return inner[1] if isinstance(inner, tuple) and inner[0] == "not" else ("not", inner)
    word = root.operator.name.lower()
    flat: set[Hashable] = set()
    for part in parts:
        if isinstance(part, tuple) and part[0] == word:
            flat |= part[1]
        else:
            flat.add(part)
    return (word, frozenset(flat)) if len(flat) > 1 else flat.pop()


def _normal_leaf(leaf: Leaf, tables: Tables, types: frozenset[str]) -> Hashable:
    operator, left, right = leaf
    if operator >= Operator.IN:
        names = tables.names
        lists = {"U": names.users, "R": names.roles, "T": names.types}
        known = lists[left.name[0]]
        members = frozenset(known[one] for one in tables.name_sets[right] if one < len(known))
        if left.name[0] == "T":
            members &= types
        found = ("in", left, members)
        return found if operator is Operator.IN else ("not", found)
    other = Operand(right)
    if operator is Operator.NEQ:
        return ("not", ("eq", min(left, other), max(left, other)))
    if operator in (Operator.EQ, Operator.INCOMP):
        return (operator.name.lower(), min(left, other), max(left, other))
    if operator is Operator.DOMBY:
        return ("dom", other, left)
    return ("dom", left, other)
