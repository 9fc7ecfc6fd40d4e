"""Compiling profile files with what an earlier run left."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from lsmc.base.files import StrPath
from lsmc.compiler.cache.entry import CacheEntry
from lsmc.compiler.inputs import Options
from lsmc.compiler.outcome import Outcome, Progress
from lsmc.modules.apparmor.build.driver import Compilation, compile_files
from lsmc.modules.apparmor.build.kept import Earlier, from_entry, to_entry
from lsmc.tables.errors import BundleError


def compile_paths(
    paths: Sequence[StrPath],
    options: Options,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
    entry: CacheEntry | None = None,
    stale: frozenset[int] = frozenset(),
) -> Outcome:
    """The bundle of some files and the warnings; raises `PolicyError`, OSError.

    `entry` is that of an earlier run, and `stale` are the numbers of its asks that are answered
    otherwise now.
    """
    done, earlier = _compile(paths, options, jobs, progress, entry, stale)
    return Outcome(done.bundle, done.diagnostics, partial(to_entry, done, earlier))


def _compile(
    paths: Sequence[StrPath],
    options: Options,
    jobs: int,
    progress: Progress | None,
    entry: CacheEntry | None,
    stale: frozenset[int],
) -> tuple[Compilation, Earlier | None]:
    """What was compiled, and the earlier run if it was of use."""
    if entry is not None:
        try:
            earlier = Earlier.of(entry)
            kept = from_entry(earlier, set(stale))
            return compile_files(paths, options, jobs=jobs, progress=progress, kept=kept), earlier
        except (BundleError, ValueError):  # the entry lied: it is as none
            pass
    return compile_files(paths, options, jobs=jobs, progress=progress), None
