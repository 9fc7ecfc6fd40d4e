"""What two policies say beside access rules and type rules, as facts to compare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from lsmc.analysis.change import Change, Direction
from lsmc.modules.selinux.context.context import Context, format_context
from lsmc.modules.selinux.context.levels import format_range
from lsmc.modules.selinux.tables.layout import FILE_KINDS, NOTHING, UNKNOWN_HANDLING
from lsmc.modules.selinux.tables.tables import Tables

#: Whose facts concern the policy as a whole.
POLICY = "policy"


class Fact(NamedTuple):
    """A fact: whom it concerns, and what it is about."""

    subject: str
    what: str


#: Facts that let somebody do more where they hold, by the words that they begin with.
_WIDER = ("permissive", "may become", "type ", "role ")


def facts(tables: Tables) -> dict[Fact, str]:
    """The facts of a policy, each with its value."""
    found: dict[Fact, str] = {}
    for part in (_whole, _names, _types, _roles, _users, _labels):
        for fact, value in part(tables):
            found.setdefault(fact, value)
    return found


def _whole(tables: Tables) -> Iterator[tuple[Fact, str]]:
    yield Fact(POLICY, "handleunknown"), UNKNOWN_HANDLING[tables.head.unknown]
    yield Fact(POLICY, "mls"), "true" if tables.head.mls else "false"
    for name in tables.capabilities:
        yield Fact(POLICY, f"policycap {name}"), "on"


def _names(tables: Tables) -> Iterator[tuple[Fact, str]]:
    names = tables.names
    for number, cls in enumerate(names.classes):
        yield Fact(cls, "class"), "declared"
        for name in names.permissions(number):
            yield Fact(cls, f"permission {name}"), "declared"
    for (cls_number, part), (value, _) in tables.default_parts.items():
        yield Fact(names.classes[cls_number], f"default{part}"), value
    for name, on in zip(names.booleans, tables.defaults_of_booleans, strict=True):
        yield Fact(name, "boolean"), "on" if on else "off"


def _types(tables: Tables) -> Iterator[tuple[Fact, str]]:
    names = tables.names.types
    for number in tables.permissive:
        yield Fact(names[number], "permissive"), "yes"
    for number, parent in enumerate(tables.bounds):
        if parent != NOTHING:
            yield Fact(names[number], "bounded by"), names[parent]


def _roles(tables: Tables) -> Iterator[tuple[Fact, str]]:
    names = tables.names
    for role, types in zip(names.roles, tables.role_types, strict=True):
        yield Fact(role, "role"), "declared"
        if role == "object_r":
            continue
        for number in types:
            if number < len(names.types):
                yield Fact(role, f"type {names.types[number]}"), "yes"
    for source, target in tables.role_allows:
        yield Fact(names.roles[source], f"may become {names.roles[target]}"), "yes"


def _users(tables: Tables) -> Iterator[tuple[Fact, str]]:
    names = tables.names
    for number, user in enumerate(names.users):
        yield Fact(user, "user"), "declared"
        if tables.head.mls:
            yield Fact(user, "range"), format_range(tables.user_ranges[number], names.levels)
    for number, role in tables.user_roles:
        yield Fact(names.users[number], f"role {names.roles[role]}"), "yes"


def _labels(tables: Tables) -> Iterator[tuple[Fact, str]]:
    texts = tables.names.texts
    for name, number in tables.sids.items():
        yield Fact(name, "initial sid"), _context(tables, number)
    for one in tables.fs_contexts:
        kind = FILE_KINDS[one.kind]
        what = "genfscon" if kind == "any" else f"genfscon {kind}"
        yield Fact(f"{texts[one.fs]}:{texts[one.path]}", what), _context(tables, one.context)
    for fs, (how, number, _) in tables.fs_uses.items():
        yield Fact(fs, "fsuse"), f"{how} {_context(tables, number)}"
    for entry in reversed(tables.file_contexts):
        what = f"filecon {FILE_KINDS[entry.kind]}"
        yield Fact(texts[entry.path], what), _context(tables, entry.context)
    for text, number in tables.other_contexts:
        yield Fact(text, "context"), _context(tables, number)


def _context(tables: Tables, number: int) -> str:
    if number == NOTHING:
        return "<<none>>"
    found: Context = tables.contexts[number]
    return format_context(found, tables.grammar)


def ports(tables: Tables) -> dict[str, list[tuple[int, int, str]]]:
    """The label of each port, by protocol: runs of ports that have the same, ascending."""
    by_protocol: dict[str, list[tuple[int, int, str]]] = {}
    for port in tables.ports:
        found = by_protocol.setdefault(tables.names.texts[port.protocol], [])
        found.append((port.low, port.high, _context(tables, port.context)))
    return {protocol: _runs(found) for protocol, found in by_protocol.items()}


def _runs(statements: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Runs of ports by the first statement that has each."""
    wanted = list(statements)
    edges = sorted({edge for low, high, _ in wanted for edge in (low, high + 1)})
    found: list[tuple[int, int, str]] = []
    for first, after in pairwise(edges):
        label = next((text for low, high, text in wanted if low <= first <= high), None)
        if label is not None:
            found.append((first, after - 1, label))
    return found


def changes(old: Tables, new: Tables) -> Iterator[Change]:
    """The facts that differ."""
    before, after = facts(old), facts(new)
    gone = set(old.names.types) ^ set(new.names.types)
    for fact in sorted(before.keys() | after.keys()):
        was, now = before.get(fact), after.get(fact)
        word, _, name = fact.what.partition(" ")
        if was == now or (word == "type" and name in gone) or fact.subject in gone:
            continue
        yield Change(
            fact.subject,
            "setting",
            what=fact.what,
            before=was,
            after=now,
            direction=_direction(fact, was, now),
        )
    yield from _port_changes(ports(old), ports(new))


def _direction(fact: Fact, was: str | None, now: str | None) -> Direction:
    if fact.what.startswith(_WIDER):
        return "wider" if was is None else "narrower"
    if fact.what == "handleunknown":
        return "wider" if now == "allow" else "narrower" if was == "allow" else "other"
    return "other"


def _port_changes(
    before: Mapping[str, list[tuple[int, int, str]]],
    after: Mapping[str, list[tuple[int, int, str]]],
) -> Iterator[Change]:
    for protocol in sorted(before.keys() | after.keys()):
        old, new = before.get(protocol, []), after.get(protocol, [])
        edges = sorted({edge for low, high, _ in (*old, *new) for edge in (low, high + 1)})
        last: tuple[int, str | None, str | None] | None = None
        for first, end in pairwise(edges):
            was, now = _at(old, first), _at(new, first)
            if last is not None and (was, now) != last[1:]:
                yield _port_change(protocol, first - 1, last)
                last = None
            if was != now and last is None:
                last = (first, was, now)
            if was == now:
                last = None
            final = end - 1
        if last is not None:
            yield _port_change(protocol, final, last)


def _at(runs: Iterable[tuple[int, int, str]], port: int) -> str | None:
    return next((label for low, high, label in runs if low <= port <= high), None)


def _port_change(protocol: str, end: int, found: tuple[int, str | None, str | None]) -> Change:
    first, was, now = found
    name = f"{protocol}:{first}" if first == end else f"{protocol}:{first}-{end}"
    return Change(name, "setting", what="port label", before=was, after=now)
