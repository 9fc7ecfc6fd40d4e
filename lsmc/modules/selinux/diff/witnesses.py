"""Contexts with which two policies decide differently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product

from lsmc.modules.selinux.context.context import OBJECT_ROLE, Context, format_context
from lsmc.modules.selinux.diff.sides import Side
from lsmc.modules.selinux.questions import InvalidContext
from lsmc.modules.selinux.tables.layout import ALLOW

#: Users whose contexts are tried, rules whose types are, and pairs of contexts in all.
_USERS, _RULES, _TRIES = 4, 32, 4096


def contexts(one: Side, other: Side, name: str) -> list[str]:
    """Some contexts of a type that both policies know, those with roles of tasks first."""
    tables = one.tables
    names = tables.names
    roles = [*(role for role in names.roles if role != OBJECT_ROLE), OBJECT_ROLE]
    found: list[str] = []
    for role in roles:
        for user in names.users[:_USERS]:
            for text in _texts(one, user, role, name):
                if text not in found and _known(one, text) and _known(other, text):
                    found.append(text)
    return found


def _texts(side: Side, user: str, role: str, name: str) -> Iterator[str]:
    """The contexts of a user, role and type with the ends of the user's range."""
    tables = side.tables
    names, grammar = tables.names, tables.grammar
    if role not in names.role_numbers or name not in names.type_numbers:
        return
    number = names.user_numbers[user]
    low, high = tables.user_ranges[number]
    numbers = (number, names.role_numbers[role], names.type_numbers[name])
    for span in ((low, low), (low, high), (high, high)):
        yield format_context(Context(*numbers, *span), grammar)


def _known(side: Side, text: str) -> bool:
    try:
        side.engine.context(text)
    except InvalidContext:
        return False
    return True


def differing(
    one: Side, other: Side, pairs: Iterable[tuple[str, str]], cls: str, permissions: Iterable[str]
) -> tuple[str, str, str] | None:
    """Two contexts of one of some pairs of types, and a permission, judged differently."""
    wanted = set(permissions)
    tries = (
        words
        for pair in pairs
        for words in product(contexts(one, other, pair[0]), contexts(one, other, pair[1]))
    )
    for subject, obj in islice(tries, _TRIES):
        before, after = (_allowed(side, subject, obj, cls) for side in (one, other))
        moved = sorted((before ^ after) & wanted)
        if moved:
            return subject, obj, moved[0]
    return None


def _allowed(side: Side, subject: str, obj: str, cls: str) -> frozenset[str]:
    engine = side.engine
    number = side.tables.names.class_numbers[cls]
    state = engine.default_state
    vector = engine.vectors.of(state, engine.context(subject), engine.context(obj), number)
    return frozenset(side.tables.names.permission_names(number, vector.allow))


def granted_pairs(side: Side, cls: str, permissions: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pairs of types to which rules of a policy grant some permission of a class."""
    tables = side.tables
    number = tables.names.class_numbers[cls]
    wanted = sum(
        1 << bit for bit, name in enumerate(tables.names.permissions(number)) if name in permissions
    )
    names, found = tables.names.types, 0
    for source, own, target, kind, mask, _ in tables.rows.parts():
        if own != number or kind != ALLOW or not mask & wanted:
            continue
        sources = tables.memberships.members(source)
        special = target >= len(tables.names.labels)
        targets = sources if special else tables.memberships.members(target)
        for one, other in islice(zip(sources, targets, strict=False), 2):
            yield names[one], names[other]
        found += 1
        if found >= _RULES:
            return
