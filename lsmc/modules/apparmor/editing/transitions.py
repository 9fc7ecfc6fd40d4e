"""Transitions between profiles, as rules name them: who leads to a profile, and where it leads."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.source import Span
from lsmc.modules.apparmor.editing.names import Name, ProfilePart, all_profiles
from lsmc.modules.apparmor.editing.navigation import profiles_named
from lsmc.modules.apparmor.editing.outline import profile_symbol
from lsmc.modules.apparmor.editing.snapshot import Snapshot
from lsmc.modules.apparmor.editing.tree_index import IndexedFile
from lsmc.modules.editing import Call, Symbol


def callees(snapshot: Snapshot, offset: int) -> list[Symbol]:
    """The profiles that the name at an offset means."""
    name = snapshot.names.at(offset)
    if name is None or name.kind != "profile":
        return []
    return [profile_symbol(one.source, part) for one, part in profiles_named(snapshot, name.text)]


def incoming(snapshot: Snapshot, profile: str) -> list[Call]:
    """The profiles with rules that lead to a profile."""
    programs = {
        text
        for one, part in profiles_named(snapshot, profile)
        if part.attachment or part.own.startswith("/")
        for text in one.found.programs(part)
    }

    def leads(name: Name) -> bool:
        if name.kind == "program":
            return name.text in programs
        return name.target and profile in _parts(name.text)

    found = []
    for one in sorted(snapshot.indexed, key=lambda one: one.path):
        for part in all_profiles(one.found.profiles):
            spans = tuple(
                Span(one.source, name.start, name.end) for name in _own(one, part) if leads(name)
            )
            if spans:
                found.append(Call(profile_symbol(one.source, part), spans))
    return found


def outgoing(snapshot: Snapshot, profile: str) -> list[Call]:
    """The profiles that the rules of a profile lead to."""
    found: dict[str, tuple[Symbol, list[Span]]] = {}
    by_program: dict[str, list[tuple[IndexedFile, ProfilePart]]] = {}
    for one in snapshot.indexed:
        for part in one.found.profiles:
            if part.attachment or part.own.startswith("/"):
                for text in one.found.programs(part):
                    by_program.setdefault(text, []).append((one, part))
    for one, part in profiles_named(snapshot, profile):
        for name in _own(one, part):
            targets = by_program.get(name.text, []) if name.kind == "program" else []
            if name.target:
                targets = profiles_named(snapshot, name.text)
            for file, target in targets:
                symbol = profile_symbol(file.source, target)
                found.setdefault(target.name, (symbol, []))[1].append(
                    Span(one.source, name.start, name.end)
                )
    return [Call(symbol, tuple(spans)) for symbol, spans in found.values()]


def _own(one: IndexedFile, part: ProfilePart) -> Iterator[Name]:
    """The names in a profile, without those in its children."""
    for name in one.found.names:
        if part.start <= name.start < part.end and not any(
            child.start <= name.start < child.end for child in part.children
        ):
            yield name


def _parts(text: str) -> set[str]:
    return {part.strip("&") for part in text.split("//&")}
