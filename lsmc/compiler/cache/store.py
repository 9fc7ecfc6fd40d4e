"""The cache of compiled policy, keyed by the content of everything it was compiled from.

An entry belongs to one set of paths and options.  It holds the bundle, and for each profile file
the file queries of its compilation with the answers.  When all answers are as before, the bundle is
the result; otherwise the files whose answers changed are compiled again (or revised, when only
rules of an included file changed) and linked with the rest of the entry.  Entries are replaced
whole, so that runs may share a directory; an entry that cannot be read counts as missing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Protocol

from lsmc.base.files import StrPath, map_file, replace_file
from lsmc.base.gc import gc_paused
from lsmc.compiler.cache.entry import CacheEntry
from lsmc.compiler.inputs import Options, changed
from lsmc.tables.errors import BundleError
from lsmc.tables.layout import VERSION
from lsmc.tables.sections import module_of
from lsmc.version import __version__

if TYPE_CHECKING:
    from lsmc.base.diagnostics import Diagnostic
    from lsmc.compiler.outcome import Outcome, Progress

_SUFFIX = ".lsmc-cache"
#: Bytes that a cache directory may take before its oldest entries go.
MAX_CACHE = 1 << 29


class Compile(Protocol):
    """Compiles policy files, given the entry of an earlier run."""

    def __call__(
        self,
        paths: Sequence[StrPath],
        options: Options,
        *,
        jobs: int = 1,
        progress: Progress | None = None,
        entry: CacheEntry | None = None,
        stale: frozenset[int] = frozenset(),
    ) -> Outcome:
        """The bundle and the warnings; raises `PolicyError`, OSError."""


@gc_paused()
def compile_cached(
    paths: Iterable[StrPath],
    options: Options,
    *,
    compiler: Callable[[], Compile],
    jobs: int | None = None,
    directory: StrPath | None = None,
    progress: Progress | None = None,
) -> tuple[bytes | memoryview, list[Diagnostic]]:
    """The bundle of some files and the warnings; raises `PolicyError`, OSError.

    `compiler` returns the function that compiles, and is called only when something must be
    compiled.  `jobs` is the number of processes, by default that of processors; `directory` holds
    the cache, and nothing is kept when it is None.
    """
    paths = list(paths)
    processes = jobs or os.cpu_count() or 1
    if directory is None:
        outcome = compiler()(paths, options, jobs=processes, progress=progress)
        return outcome.bundle, list(outcome.diagnostics)
    place = place_of(directory, [VERSION, *facts_of(paths, options)])
    entry = _bundle_entry(place)
    stale = frozenset(changed(entry.seen.asks) if entry is not None else ())
    if entry is not None and not stale and entry.seen.whole:
        return entry.bundle, []
    outcome = compiler()(
        paths, options, jobs=processes, progress=progress, entry=entry, stale=stale
    )
    if outcome.entry is not None:
        write_entry(place, [outcome.entry()])
    return outcome.bundle, list(outcome.diagnostics)


def place_of(directory: StrPath, facts: Sequence[Any]) -> str:
    """The path of the entry for some facts, as JSON has them; the version of lsmc is one."""
    text = json.dumps([__version__, *facts])
    name = blake2b(text.encode(), digest_size=16).hexdigest()
    return os.path.join(directory, name + _SUFFIX)


def facts_of(paths: Sequence[StrPath], options: Options) -> list[Any]:
    """What compiling depends on beside the files that it asks for."""
    facts: list[Any] = [os.getcwd(), [os.fspath(path) for path in paths]]
    facts += [options.base, options.include, options.features, options.variables, options.restrict]
    facts += [options.target, options.settings]
    return facts


def read_entry(place: str) -> CacheEntry | None:
    """The entry in a file, or None when it is missing or unusable."""
    try:
        return CacheEntry(memoryview(map_file(place)))
    except (OSError, ValueError):
        return None


def _bundle_entry(place: str) -> CacheEntry | None:
    """The same for one that holds a bundle."""
    entry = read_entry(place)
    try:
        if entry is not None:
            module_of(entry.bundle)
    except (ValueError, BundleError):
        return None
    return entry


def write_entry(place: str, parts: Sequence[bytes | memoryview]) -> None:
    """Replace an entry; a directory that cannot be written is not a reason to fail."""
    try:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        replace_file(place, *parts)
        _trim(place)
    except OSError:
        return


def _trim(newest: str) -> None:
    """Remove the oldest entries until a cache directory is within its bound."""
    with os.scandir(os.path.dirname(newest)) as found:
        entries = [(e.stat(), e.path) for e in found if e.name.endswith(_SUFFIX)]
    total = 0
    for stat, path in sorted(entries, key=lambda entry: -entry[0].st_mtime_ns):
        total += stat.st_size
        if total > MAX_CACHE and path != newest:
            os.unlink(path)
