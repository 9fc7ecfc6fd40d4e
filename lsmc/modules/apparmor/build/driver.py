"""From many profile files to one bundle: the files are shared among processes, then linked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from lsmc.automata.partition import MAX_SPARE
from lsmc.base.diagnostics import Diagnostic, distinct
from lsmc.base.files import StrPath
from lsmc.base.gc import gc_paused
from lsmc.base.text import encode
from lsmc.compiler.errors import unreadable
from lsmc.compiler.inputs import FileQuery, FileState, Options, RecordedFiles, agreed
from lsmc.compiler.linking import (
    ProfileIndex,
    first_of_each,
    link_profiles,
    name_order,
    policy_files,
    refuse,
)
from lsmc.compiler.outcome import Progress
from lsmc.ir.model import Policy, Profile
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.build.processes import shards
from lsmc.modules.apparmor.build.revise import RevisionCandidate, revise
from lsmc.modules.apparmor.build.shards import FileRead, Shard, ShardReading, Tick
from lsmc.modules.apparmor.classes import MODULE
from lsmc.tables.bundle import Bundle
from lsmc.tables.errors import BundleError
from lsmc.tables.link import LinkInput, link


class PreviousBuild(NamedTuple):
    """What a run reuses of an earlier one: its bundle, and files that need not be read again.

    `digests` are those of the bundle's units; `files` has the names of the profiles of each
    unchanged file, of which no two are the same.  Of the `candidates` nothing changed but the
    text of included files, which was that of `texts`.  `record` is what else the file system
    answered when all these were compiled.
    """

    bundle: Bundle
    digests: Sequence[str]
    files: Mapping[str, Sequence[str]]
    candidates: Mapping[str, RevisionCandidate]
    texts: Mapping[str, str]
    record: Mapping[FileQuery, FileState]


class Compilation(NamedTuple):
    """A bundle with its warnings, and what a later run may keep of it.

    `paths` are the profile files in order, of which `files` were read; `record` is what the file
    system answered, and `common` what was asked for all files together; `texts` are those of
    included files.
    """

    bundle: bytes
    diagnostics: list[Diagnostic]
    digests: list[str]
    paths: list[str]
    files: list[FileRead]
    record: dict[FileQuery, FileState]
    common: tuple[FileQuery, ...]
    texts: dict[str, str]


@gc_paused()
def compile_files(
    paths: Sequence[StrPath],
    options: Options,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
    kept: PreviousBuild | None = None,
) -> Compilation:
    """The bundle of some files and the warnings; raises `PolicyError` for errors.

    The bytes do not depend on `jobs`, the number of processes, nor on what was `kept`.  OSError
    when a process is lost.
    """
    disk = RecordedFiles()
    found, diagnostics = policy_files(paths, disk)
    front = front_end(options, disk)  # a bad features file is told once, by this process
    common = tuple(disk.record)
    parts: list[LinkInput] = []
    left: dict[str, Sequence[str]] = {}
    if kept is not None:
        revised = revise(kept.bundle, kept.digests, kept.candidates, kept.texts, front)
        parts += revised.parts
        left = {**kept.files, **revised.files}
    again = [path for path in found if path not in left]

    def make() -> Shard:
        files = RecordedFiles()
        return Shard(front_end(options, files), files)

    with shards(make, len(again), jobs) as workers:
        readings = workers.read(again, _tick(progress, "reading", len(again)))
        before = kept.record if kept is not None else {}
        record = agreed([disk.record, *(reading.record for reading in readings), before])
        files = {file.path: file for reading in readings for file in reading.files}
        places, twofold = _places(again, readings, len(parts))
        names = {name for path in found if path in left for name in left[path]}
        if record is None:  # a file changed on the way: one process sees each file once
            return compile_files(paths, options, progress=progress)
        if names & places.keys():  # a name that was unique is so no more: the warning needs both
            return compile_files(paths, options, jobs=jobs, progress=progress)
        diagnostics += [one for path in again for one in files[path].diagnostics] + twofold
        refuse(diagnostics, {path: file.diagnostics for path, file in files.items()})
        done = kept.digests if kept is not None else ()
        needed = {need.digest for reading in readings for need in reading.needs}
        total = len(needed.difference(done))
        made = workers.build(readings, done, _tick(progress, "building", total))
    if len(made) > 1 and sum(built.spent for built in made) > MAX_SPARE:
        # what is spare is that of a run: one process tells for which pattern it is not enough
        return compile_files(paths, options, progress=progress, kept=kept)
    diagnostics += [fault for built in made for fault in built.faults]
    refuse(diagnostics)
    if kept is not None:
        places.update(_places_of(names, kept.bundle))
    parts += [
        LinkInput(Bundle(built.data), [need.digest for need in reading.needs])
        for built, reading in zip(made, readings, strict=True)
    ]
    texts = {path: source.text for path, source in front.library.sources.items()}
    for reading in readings:
        texts |= reading.texts
    linked = link(parts, [place for _, place in sorted(places.items(), key=name_order)])
    return Compilation(
        bundle=linked.data,
        diagnostics=distinct(diagnostics),
        digests=linked.digests,
        paths=found,
        files=[files[path] for path in again],
        record=record,
        common=common,
        texts=texts,
    )


def _places(
    paths: Iterable[str], readings: Sequence[ShardReading], first: int
) -> tuple[dict[str, tuple[int, int]], list[Diagnostic]]:
    """The (part, number there) of each profile by name, and the warnings for those there twice.

    The parts are those of the shards, numbered from `first`.
    """
    starts: dict[str, tuple[int, int]] = {}
    files: dict[str, FileRead] = {}
    for shard, reading in enumerate(readings, first):
        start = 0
        for file in reading.files:
            files[file.path] = file
            starts[file.path] = shard, start
            start += len(file.profiles)
    places: dict[str, tuple[int, int]] = {}
    names = ProfileIndex()
    for path in paths:
        shard, start = starts[path]
        for number, (name, origin) in enumerate(files[path].profiles, start):
            if names.take(name, origin):
                places[name] = shard, number
    return places, names.repeated


def _places_of(names: Iterable[str], bundle: Bundle) -> dict[str, tuple[int, int]]:
    """The same for profiles of the first part; raises `BundleError` when one is missing."""
    numbers = {name: number for number, name in enumerate(bundle.profile_names())}
    try:
        return {name: (0, numbers[name]) for name in names}
    except KeyError as missing:
        raise BundleError(f"the bundle has no profile {missing}") from None


def _tick(progress: Progress | None, what: str, total: int) -> Tick:
    done = 0

    def tick(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(what, done, total)

    return tick


def read_policy(paths: Sequence[StrPath], options: Options) -> Policy:
    """The policy of some files, before there are tables; raises `PolicyError` for errors."""
    found, diagnostics = policy_files(paths)
    front = front_end(options)
    profiles: list[Profile] = []
    for path in found:
        try:
            compiled = front.compile(path)
        except OSError as fault:
            diagnostics.append(unreadable(path, fault))
            continue
        profiles += compiled.profiles
        diagnostics += compiled.diagnostics
    refuse(diagnostics)
    return Policy(MODULE, tuple(first_of_each(profiles)[0]))


def compile_source(
    text: str | bytes, name: str, options: Options
) -> tuple[bytes, list[Diagnostic]]:
    """The bundle of a policy text; raises `PolicyError` for errors."""
    front = front_end(options)
    data = text if isinstance(text, bytes) else encode(text)
    front.library.text(name, data)
    compiled = front.compile(name)
    return bundle(compiled.profiles, compiled.diagnostics)


def bundle(
    profiles: Iterable[Profile], diagnostics: Iterable[Diagnostic]
) -> tuple[bytes, list[Diagnostic]]:
    """The bundle of compiled profiles and the warnings; raises `PolicyError`."""
    linked, warnings = link_profiles(MODULE, profiles, diagnostics)
    return linked.data, warnings
