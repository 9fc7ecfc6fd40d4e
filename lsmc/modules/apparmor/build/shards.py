"""Shares of a compilation, each for a process of its own.

A shard reads some of the profile files, tells which units they use, and builds the automata of
those that it is told to: what several shards need is built by one of them.  What it made is a
bundle to be linked with those of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from lsmc.automata.partition import MAX_SPARE, Spare
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span, to_display
from lsmc.compiler.errors import too_complex, unreadable
from lsmc.compiler.inputs import FileQuery, FileState, RecordedFiles
from lsmc.ir.model import Profile
from lsmc.modules.apparmor.build.compile import Compiler
from lsmc.modules.apparmor.lower.environment import SavedEnvironment
from lsmc.tables.build import TooComplexError, assemble, build_groups, unit_digest, units
from lsmc.tables.groups import BuiltGroup

#: Told how many more files were read, or units built.
Tick = Callable[[int], None]


class FileRead(NamedTuple):
    """What a shard made of one profile file: its profiles by name, and what was asked for it.

    `environment` and `plain` are those of `Compiled`; None for a file that cannot be read.
    """

    path: str
    profiles: tuple[tuple[str, Span], ...]
    diagnostics: tuple[Diagnostic, ...]
    asked: frozenset[FileQuery] = frozenset()
    environment: SavedEnvironment | None = None
    plain: frozenset[str] = frozenset()


class UnitNeed(NamedTuple):
    """A unit that a shard uses: the digest of its patterns, and how many they are."""

    digest: str
    weight: int


class ShardReading(NamedTuple):
    """What a shard read: its files, its units, and the answers of the file system.

    `texts` are those of the files that some profile file has as `plain`.
    """

    files: list[FileRead]
    needs: list[UnitNeed]
    record: dict[FileQuery, FileState]
    texts: dict[str, str]


class Built(NamedTuple):
    """What a shard built: its bundle, unless there are faults, and the spare states it took."""

    data: bytes
    faults: tuple[Diagnostic, ...]
    spent: int


class Shard:
    """A share of the files under one front end."""

    def __init__(self, front: Compiler, files: RecordedFiles) -> None:
        self.front = front
        self.files = files
        self._profiles: list[Profile] = []

    def read(self, paths: Iterable[str], tick: Tick) -> ShardReading:
        """Read profile files; those that cannot be read give an error each."""
        found = []
        for path in paths:
            found.append(self._read(path))
            tick(1)
        needs = [UnitNeed(unit_digest(u), len(u.rules)) for u in units(self._profiles)]
        included = sorted(set().union(*(file.plain for file in found)))
        texts = {path: self.front.library.sources[path].text for path in included}
        return ShardReading(found, needs, self.files.record, texts)

    def _read(self, path: str) -> FileRead:
        try:
            compiled = self.front.compile(path)
        except OSError as fault:
            return FileRead(path, (), (unreadable(path, fault),))
        self._profiles += compiled.profiles
        names = tuple((to_display(p.full_name), p.origin) for p in compiled.profiles)
        return FileRead(
            path=path,
            profiles=names,
            diagnostics=compiled.diagnostics,
            asked=compiled.asked,
            environment=compiled.environment,
            plain=compiled.plain,
        )

    def build(self, numbers: Sequence[int], tick: Tick) -> Built:
        """The bundle of all that was read, with the groups of these units only, and the faults."""
        distinct = units(self._profiles)
        groups: dict[int, Sequence[BuiltGroup]] = {}
        faults: list[Diagnostic] = []
        data = b""
        spare = Spare()
        for number in numbers:
            try:
                groups[id(distinct[number])] = build_groups(distinct[number].rules, spare=spare)
            except TooComplexError as fault:
                faults.append(too_complex(fault))
                if spare.left <= 0:
                    break
            tick(1)
        if not faults:
            try:
                data = assemble(self.front.module, self._profiles, groups, spare)
            except TooComplexError as fault:
                faults.append(too_complex(fault))
        return Built(data, tuple(faults), MAX_SPARE - spare.left)


def shares(needs: Sequence[Sequence[UnitNeed]], done: Iterable[str]) -> list[list[int]]:
    """Which units each shard is to build, so that each is built once and all have as much to do.

    `done` are the digests of units that need not be built.
    """
    where: dict[str, list[tuple[int, int]]] = {}
    weights: dict[str, int] = {}
    known = set(done)
    for shard, units_of in enumerate(needs):
        for number, (digest, weight) in enumerate(units_of):
            if digest not in known:
                weights[digest] = weight
                where.setdefault(digest, []).append((shard, number))
    loads = [0] * len(needs)
    found: list[list[int]] = [[] for _ in needs]
    # a unit that one shard alone has leaves no choice, so it comes first; large ones before small
    for digest in sorted(where, key=lambda d: (len(_shards(where[d])), -weights[d], d)):
        shard, number = min(where[digest], key=lambda place: (loads[place[0]], place))
        loads[shard] += weights[digest]
        found[shard].append(number)
    return found


def _shards(places: Iterable[tuple[int, int]]) -> set[int]:
    return {shard for shard, _ in places}


def divide(paths: Sequence[str], count: int) -> Iterator[list[str]]:
    """Shares of some paths: neighbours in name are alike, so each share has some of all."""
    for index in range(count):
        yield list(paths[index::count])
