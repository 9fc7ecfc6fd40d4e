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
    sources, faults = found_sources(paths, files, find)
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
