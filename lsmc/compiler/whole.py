"""Compiles all files of a module in one process, and keeps the result for an unchanged policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.files import StrPath
from lsmc.base.source import Source
from lsmc.compiler.cache.entry import CacheEntry, FileAnswers, entry_bytes
from lsmc.compiler.cache.store import Compile
from lsmc.compiler.errors import unreadable
from lsmc.compiler.inputs import (
    MAX_SOURCE,
    DiskFiles,
    FindFiles,
    Options,
    RecordedFiles,
    profile_paths,
    restricted,
)
from lsmc.compiler.linking import policy_files, refuse
from lsmc.compiler.outcome import Outcome, Progress
from lsmc.tables.errors import BundleError

#: Compiles sources under some options to a bundle and its warnings; raises `PolicyError`.
CompileSources = Callable[[Sequence[Source], Options], tuple[bytes, list[Diagnostic]]]


class Kept(NamedTuple):
    """A compilation that a later one can begin from.

    `details` gives what that needs beside the bundle, as JSON has it.
    """

    bundle: bytes
    diagnostics: list[Diagnostic]
    details: Callable[[], Any]


#: The same with what a later compilation can begin from.
CompileKept = Callable[[Sequence[Source], Options], Kept]
#: Compiles anew what some changed files change in an earlier bundle, of which there are details;
#: None when all must be compiled.  ValueError, `BundleError` for details that can not be.
Revise = Callable[[memoryview, Any, Sequence[Source], Options], Kept | None]


def compile_whole(
    compile_sources: CompileSources, find: FindFiles = profile_paths, limit: int = MAX_SOURCE
) -> Compile:
    """The function that reads the files of some paths and compiles them together.

    `find` says which files these are, and `limit` how many bytes one may have.
    """

    def compile_kept(sources: Sequence[Source], options: Options) -> Kept:
        return Kept(*compile_sources(sources, options), lambda: None)

    return compile_revising(compile_kept, None, find, limit)


def compile_revising(
    compile_sources: CompileKept,
    revise: Revise | None,
    find: FindFiles = profile_paths,
    limit: int = MAX_SOURCE,
) -> Compile:
    """As `compile_whole`, for what can be revised when only the content of files changed."""

    def compile_paths(
        paths: Sequence[StrPath],
        options: Options,
        *,
        jobs: int = 1,
        progress: Progress | None = None,
        entry: CacheEntry | None = None,
        stale: frozenset[int] = frozenset(),
    ) -> Outcome:
        del jobs, progress
        files = RecordedFiles(limit)
        kept = None
        if entry is not None and revise is not None:
            kept = _revised(entry, stale, files, options, revise)
            asks = {**dict(entry.seen.asks), **files.record}
        if kept is None:
            sources = read_sources(paths, options, find, files)
            kept, asks = compile_sources(sources, options), files.record

        def later() -> bytes:
            seen = FileAnswers([*asks.items()], [], not kept.diagnostics)
            return entry_bytes(seen, kept.details(), kept.bundle)

        return Outcome(kept.bundle, kept.diagnostics, None if options.texts else later)

    return compile_paths


def _revised(
    entry: CacheEntry,
    stale: frozenset[int],
    files: RecordedFiles,
    options: Options,
    revise: Revise,
) -> Kept | None:
    """What an entry comes to with its changed files; None where that can not be told from it."""
    changed = [entry.seen.asks[number][0] for number in sorted(stale)]
    if not entry.seen.whole or any(kind != "read" for kind, _ in changed):
        return None
    shown = restricted(files, options.restrict)
    try:
        sources = [Source.from_bytes(path, shown.read(path)) for _, path in changed]
        return revise(entry.bundle, entry.details(), sources, options)
    except (OSError, ValueError, BundleError):
        return None


def read_sources(
    paths: Iterable[StrPath],
    options: Options,
    find: FindFiles = profile_paths,
    files: DiskFiles | None = None,
) -> list[Source]:
    """The texts of the files that some paths name; `PolicyError` for what cannot be read."""
    shown = restricted(files or DiskFiles(), options.restrict)
    sources, faults = found_sources(paths, shown, find)
    refuse(faults)
    return sources


def found_sources(
    paths: Iterable[StrPath],
    files: DiskFiles,
    find: FindFiles = profile_paths,
    text: tuple[str, bytes] | None = None,
) -> tuple[list[Source], list[Diagnostic]]:
    """The texts of the files that some paths name, and what cannot be read.

    Args:
        paths: files and directories.
        files: where they are read.
        find: which files they name.
        text: the name and the content of a file that is not there, for a path of that name.
    """
    given = [str(path) for path in paths]
    sources = [Source.from_bytes(*text)] if text is not None and text[0] in given else []
    held = {source.path for source in sources}
    names, faults = policy_files([name for name in given if name not in held], files, find)
    for name in names:
        try:
            sources.append(Source.from_bytes(name, files.read(name)))
        except OSError as fault:
            faults.append(unreadable(name, fault))
    return sources, faults
