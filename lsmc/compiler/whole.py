"""Compiles all files of a module in one process, without a cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.files import StrPath
from lsmc.base.source import Source
from lsmc.compiler.cache.entry import CacheEntry
from lsmc.compiler.cache.store import Compile
from lsmc.compiler.errors import unreadable
from lsmc.compiler.inputs import (
    MAX_SOURCE,
    DiskFiles,
    FindFiles,
    Options,
    profile_paths,
    restricted,
)
from lsmc.compiler.linking import policy_files, refuse
from lsmc.compiler.outcome import Outcome, Progress

#: Compiles sources under some options to a bundle and its warnings; raises `PolicyError`.
CompileSources = Callable[[Sequence[Source], Options], tuple[bytes, list[Diagnostic]]]


def compile_whole(
    compile_sources: CompileSources, find: FindFiles = profile_paths, limit: int = MAX_SOURCE
) -> Compile:
    """The function that reads the files of some paths and compiles them together.

    `find` says which files these are, and `limit` how many bytes one may have.
    """

    def compile_paths(
        paths: Sequence[StrPath],
        options: Options,
        *,
        jobs: int = 1,
        progress: Progress | None = None,
        entry: CacheEntry | None = None,
        stale: frozenset[int] = frozenset(),
    ) -> Outcome:
        del jobs, progress, entry, stale
        sources = read_sources(paths, options, find, limit)
        return Outcome(*compile_sources(sources, options))

    return compile_paths


def read_sources(
    paths: Iterable[StrPath],
    options: Options,
    find: FindFiles = profile_paths,
    limit: int = MAX_SOURCE,
) -> list[Source]:
    """The texts of the files that some paths name; `PolicyError` for what cannot be read."""
    files = restricted(DiskFiles(limit), options.restrict)
    found, faults = policy_files(paths, files, find)
    sources = []
    for path in found:
        try:
            sources.append(Source.from_bytes(path, files.read(path)))
        except OSError as fault:
            faults.append(unreadable(path, fault))
    refuse(faults)
    return sources
