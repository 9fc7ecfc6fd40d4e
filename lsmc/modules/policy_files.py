"""Editing for modules whose policy is a set of files that are read together, and names in them.

A module says which files belong together, which names stand in a text, and what parts it has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from lsmc.base.source import Source, Span
from lsmc.compiler.inputs import DiskFiles
from lsmc.modules.editing import Editing, Hover, Occurrence, Scope, Symbol

#: Parts of all files that a search finds at most.
_MOST = 500


class PlacedName(NamedTuple):
    """A name in a text: `inside` is what it is looked up in, from the outermost; see `meant`."""

    text: str
    start: int
    end: int
    defines: bool = False
    inside: tuple[str, ...] = ()


class Parts(NamedTuple):
    """What a module says of its files.

    Attributes:
        together: the files that are read with a file: (path, file system).
        names: the names in a text, in order.
        symbols: the named parts of a text.
    """

    together: Callable[[str, DiskFiles], Sequence[str]]
    names: Callable[[Source], Iterable[PlacedName]]
    symbols: Callable[[Source], Iterable[Symbol]]


@dataclass(frozen=True)
class Snapshot:
    """A file at one moment, with those that are read with it."""

    path: str
    source: Source
    files: DiskFiles
    parts: Parts

    @cached_property
    def names(self) -> tuple[PlacedName, ...]:
        """The names in the file."""
        return tuple(self.parts.names(self.source))

    @cached_property
    def everywhere(self) -> tuple[tuple[Source, PlacedName], ...]:
        """The names in all files, each with its text."""
        found: list[tuple[Source, PlacedName]] = []
        for path in self.parts.together(self.path, self.files):
            if path == self.path:
                found += ((self.source, name) for name in self.names)
                continue
            try:
                source = Source.from_bytes(path, self.files.read(path))
            except OSError:
                continue
            found += ((source, name) for name in self.parts.names(source))
        return tuple(found)

    @cached_property
    def defined(self) -> frozenset[str]:
        """The names that are defined, with what they are in."""
        return frozenset(_full(name) for _, name in self.everywhere if name.defines)

    def at(self, offset: int) -> PlacedName | None:
        """The name at an offset."""
        return next((one for one in self.names if one.start <= offset <= one.end), None)

    def meant(self, name: PlacedName) -> str:
        """The full name that a name means: that of the nearest place around it which has it."""
        if name.defines:
            return _full(name)
        for depth in range(len(name.inside), -1, -1):
            full = ".".join((*name.inside[:depth], name.text))
            if full in self.defined:
                return full
        return name.text


def _full(name: PlacedName) -> str:
    return ".".join((*name.inside, name.text))


def editing_of(parts: Parts, *, comment: str = "#", behind: bool = True) -> Editing:
    """The editing of a module by what it says of its files."""

    def snapshot(reread: Any, files: DiskFiles, path: str) -> Snapshot:
        del reread
        return Snapshot(path, Source.from_bytes(path, files.read(path)), files, parts)

    return Editing(
        snapshot=snapshot,
        scope=_scope,
        comment=comment,
        comments_behind=behind,
        hover=_hover,
        definitions=_definitions,
        occurrences=_occurrences,
        symbols=_symbols,
        workspace=_workspace,
    )


def _scope(snapshot: Snapshot) -> Scope:
    return Scope(tuple(snapshot.parts.together(snapshot.path, snapshot.files)))


def _places(snapshot: Snapshot, offset: int) -> Iterator[Occurrence]:
    name = snapshot.at(offset)
    if name is None:
        return
    meant, last = snapshot.meant(name), name.text.rpartition(".")[2]
    for source, one in snapshot.everywhere:
        if one.text.rpartition(".")[2] == last and snapshot.meant(one) == meant:
            yield Occurrence(Span(source, one.start, one.end), one.defines)


def _occurrences(snapshot: Snapshot, offset: int) -> list[Occurrence]:
    return list(_places(snapshot, offset))


def _definitions(snapshot: Snapshot, offset: int) -> list[Span]:
    return [one.span for one in _places(snapshot, offset) if one.defines]


def _hover(snapshot: Snapshot, offset: int) -> Hover | None:
    """The line that defines the name at an offset, and how often it is named."""
    name = snapshot.at(offset)
    if name is None:
        return None
    places = list(_places(snapshot, offset))
    lines = [f"**{snapshot.meant(name)}**"]
    for one in places:
        if one.defines:
            line, _ = one.span.source.position(one.span.start)
            text = one.span.source.line_text(line).strip()
            lines.append(f"`{text}` ({one.span.source.path}:{line})")
    files = {one.span.source.path for one in places}
    lines.append(f"named at {len(places)} places in {len(files)} files")
    return Hover("\n\n".join(lines), Span(snapshot.source, name.start, name.end))


def _symbols(snapshot: Snapshot) -> list[Symbol]:
    return list(snapshot.parts.symbols(snapshot.source))


def _workspace(snapshot: Snapshot, text: str) -> list[Symbol]:
    wanted = text.lower()
    found: list[Symbol] = []
    for source, name in snapshot.everywhere:
        if name.defines and wanted in _full(name).lower():
            span = Span(source, name.start, name.end)
            found.append(Symbol(_full(name), "type", span, span))
    return found[:_MOST]
