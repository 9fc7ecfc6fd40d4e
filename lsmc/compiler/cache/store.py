"""Compiled policy kept between runs, by the content of all that it was compiled from.

An entry belongs to one set of paths and options.  It has the bundle, and for each profile file what
was asked of the file system to compile it, with the answers.  When all of them are as before, the
bundle is the answer; otherwise the files whose answers changed are compiled again, or revised where
only the rules of an included file are others, and linked with what the entry has of the rest.
Entries are replaced whole, so that runs may share a directory; one that cannot be read is as none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

from lsmc.base.files import StrPath, map_file, replace_file
from lsmc.base.gc import gc_paused
from lsmc.compiler.cache.entry import Entry
from lsmc.compiler.inputs import Options, changed
from lsmc.tables.bundle import Bundle
from lsmc.tables.errors import BundleError
from lsmc.tables.layout import VERSION
from lsmc.version import __version__

if TYPE_CHECKING:
    from lsmc.base.diagnostics import Diagnostic
    from lsmc.compiler.outcome import Outcome, Progress

_SUFFIX = ".lsmc-cache"
#: Bytes that a cache directory may take before its oldest entries go.
MAX_CACHE = 1 << 29


class Compile(Protocol):
    """Compiles policy files, with what an earlier run left."""

    def __call__(
        self,
        paths: Sequence[StrPath],
        options: Options,
        *,
        jobs: int = 1,
        progress: Progress | None = None,
        entry: Entry | None = None,
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

    `compiler` gives what compiles, and is asked only when there is something to compile.  `jobs` is
    the number of processes, as many as there are processors when None; `directory` keeps what was
    compiled, nothing is kept when None.
    """
    paths = list(paths)
    processes = jobs or os.cpu_count() or 1
    if directory is None:
        outcome = compiler()(paths, options, jobs=processes, progress=progress)
        return outcome.bundle, list(outcome.diagnostics)
    place = os.path.join(directory, _name(paths, options) + _SUFFIX)
    entry = _read(place)
    stale = frozenset(changed(entry.seen.asks) if entry is not None else ())
    if entry is not None and not stale and entry.seen.whole:
        return entry.bundle, []
    outcome = compiler()(
        paths, options, jobs=processes, progress=progress, entry=entry, stale=stale
    )
    if outcome.entry is not None:
        _write(place, outcome.entry())
    return outcome.bundle, list(outcome.diagnostics)


def _name(paths: Sequence[StrPath], options: Options) -> str:
    """The name of the entry for some paths and options."""
    facts = [__version__, VERSION, os.getcwd(), [os.fspath(path) for path in paths]]
    facts += [options.base, options.include, options.features, options.variables, options.restrict]
    facts += [options.target]
    return blake2b(json.dumps(facts).encode(), digest_size=16).hexdigest()


def _read(place: str) -> Entry | None:
    """The entry at a place, if there is one that can be used."""
    try:
        entry = Entry(memoryview(map_file(place)))
        Bundle(entry.bundle)
    except (OSError, ValueError, BundleError):
        return None
    return entry


def _write(place: str, data: bytes) -> None:
    """Replace an entry; a directory that cannot be written is not a reason to fail."""
    try:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        replace_file(place, data)
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
