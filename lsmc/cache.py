"""Compiled policy kept between runs, by the content of all that it was compiled from.

An entry belongs to one set of paths and options.  It has the bundle, and for each profile file what
was asked of the file system to compile it, with the answers.  When all of them are as before, the
bundle is the answer; otherwise the files whose answers changed are compiled again, and linked with
what the entry has of the others.  Entries are replaced whole, so that runs may share a directory;
one that cannot be read is as none.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from zlib import crc32

from lsmc import __version__
from lsmc.files import StrPath, write_atomically
from lsmc.inputs import Answer, Ask, Options, unchanged
from lsmc.tables.errors import BundleError
from lsmc.tables.layout import VERSION

if TYPE_CHECKING:
    from lsmc.diagnostics import Diagnostic
    from lsmc.driver import Kept, Outcome

    Progress = Callable[[str, int, int], None]

_MAGIC = b"lsmc cache 2\n"
_SUFFIX = ".lsmc-cache"
#: Bytes that a cache directory may take before its oldest entries go.
MAX_CACHE = 1 << 29


def compile_cached(
    paths: Iterable[StrPath],
    options: Options,
    *,
    jobs: int | None = None,
    directory: StrPath | None = None,
    progress: Progress | None = None,
) -> tuple[bytes | memoryview, list[Diagnostic]]:
    """The bundle of some files and the warnings; raises `PolicyError`, OSError.

    `jobs` is the number of processes, as many as there are processors when None; `directory` keeps
    what was compiled, nothing is kept when None.
    """
    paths = list(paths)
    processes = jobs or os.cpu_count() or 1
    if directory is None:
        from lsmc.driver import compile_files

        outcome = compile_files(paths, options, jobs=processes, progress=progress)
        return outcome.bundle, outcome.diagnostics
    place = os.path.join(directory, _name(paths, options) + _SUFFIX)
    entry = _read(place)
    stale = _stale(entry) if entry is not None else None
    if entry is not None and not stale and entry.whole:
        return entry.bundle, []
    outcome = _compile(paths, options, processes, progress, entry, stale or set())
    _write(place, entry, outcome)
    return outcome.bundle, outcome.diagnostics


@dataclass(frozen=True, slots=True)
class _Entry:
    """What an entry has: all that was asked, and of each file what it asked by number.

    `whole` tells that all files are there, and none has a warning.
    """

    bundle: memoryview
    digests: list[str]
    asks: list[tuple[Ask, Answer]]
    common: list[int]
    files: dict[str, tuple[list[str], list[int]]]  # path -> names of profiles, asks
    whole: bool

    @classmethod
    def of(cls, head: Mapping[str, Any], bundle: memoryview) -> _Entry:
        asks = [((kind, path), (said, mark)) for kind, path, said, mark in head["asks"]]
        files = {path: (names, numbers) for path, names, numbers in head["files"]}
        return cls(bundle, head["units"], asks, head["common"], files, head["whole"])


def _stale(entry: _Entry) -> set[int]:
    """The asks of an entry that are not answered as they were."""
    return {n for n, (ask, answer) in enumerate(entry.asks) if not unchanged(ask, answer)}


def _compile(
    paths: Sequence[StrPath],
    options: Options,
    jobs: int,
    progress: Progress | None,
    entry: _Entry | None,
    stale: set[int],
) -> Outcome:
    from lsmc.driver import compile_files

    kept = _kept(entry, stale) if entry is not None else None
    try:
        return compile_files(paths, options, jobs=jobs, progress=progress, kept=kept)
    except BundleError:  # the entry lied: it is as none
        return compile_files(paths, options, jobs=jobs, progress=progress)


def _kept(entry: _Entry, stale: set[int]) -> Kept | None:
    """What holds of an entry: the files that asked nothing stale."""
    from lsmc.driver import Kept
    from lsmc.tables.bundle import Bundle

    files = (
        {}
        if stale.intersection(entry.common)
        else {
            path: names
            for path, (names, asks) in entry.files.items()
            if not stale.intersection(asks)
        }
    )
    try:
        return Kept(Bundle(entry.bundle), entry.digests, files)
    except BundleError:
        return None


def _name(paths: Sequence[StrPath], options: Options) -> str:
    """The name of the entry for some paths and options."""
    facts = [__version__, VERSION, os.getcwd(), [os.fspath(path) for path in paths]]
    facts += [options.base, options.include, options.features, options.variables, options.restrict]
    return blake2b(json.dumps(facts).encode(), digest_size=16).hexdigest()


def _read(place: str) -> _Entry | None:
    """The entry at a place, if there is one that can be used."""
    try:
        with open(place, "rb") as file:
            data = memoryview(file.read())
        start = bytes(data[:64]).split(b"\n", 3)
        magic, size, checksum = start[:3]
        at = sum(len(part) + 1 for part in start[:3])
        if magic + b"\n" != _MAGIC or crc32(data[at:]) != int(checksum):
            return None
        end = at + int(size)
        return _Entry.of(json.loads(bytes(data[at:end])), data[end:])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(place: str, before: _Entry | None, outcome: Outcome) -> None:
    """Replace an entry; a directory that cannot be written is no reason to fail."""
    body = json.dumps(_head(before, outcome), ensure_ascii=True).encode()
    # the bundle begins at a multiple of eight bytes, as its sections do
    rest = body + b" " * (-len(body) % 8) + outcome.bundle
    size = len(rest) - len(outcome.bundle)
    try:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        write_atomically(place, b"%s%d\n%d\n%s" % (_MAGIC, size, crc32(rest), rest))
        _trim(place)
    except OSError:
        return


def _head(before: _Entry | None, outcome: Outcome) -> dict[str, Any]:
    """What an entry says of its bundle.

    A file with a warning is left out: it is compiled each time, so that the warning is seen.
    """
    numbers: dict[Ask, int] = {}
    answers: dict[Ask, Answer] = {}

    def number(ask: Ask, answer: Answer) -> int:
        answers[ask] = answer
        return numbers.setdefault(ask, len(numbers))

    common = [number(ask, outcome.record[ask]) for ask in outcome.common]
    times = Counter(name for file in outcome.files for name, _ in file.profiles)
    read = {file.path: file for file in outcome.files}
    files: list[tuple[str, list[str], list[int]]] = []
    for path in outcome.paths:
        file = read.get(path)
        if file is not None:
            names = [name for name, _ in file.profiles]
            if not file.diagnostics and all(times[name] == 1 for name in names):
                asks = [number(ask, outcome.record[ask]) for ask in sorted(file.asked)]
                files.append((path, names, asks))
        elif before is not None:
            names, old = before.files[path]
            files.append((path, names, [number(*before.asks[ask]) for ask in old]))
    return {
        "asks": [(*ask, *answers[ask]) for ask in numbers],
        "common": common,
        "files": files,
        "units": outcome.digests,
        "whole": len(files) == len(outcome.paths),
    }


def _trim(newest: str) -> None:
    """Remove the oldest entries until a cache directory is within its bound."""
    with os.scandir(os.path.dirname(newest)) as found:
        entries = [(e.stat(), e.path) for e in found if e.name.endswith(_SUFFIX)]
    total = 0
    for stat, path in sorted(entries, key=lambda entry: -entry[0].st_mtime_ns):
        total += stat.st_size
        if total > MAX_CACHE and path != newest:
            os.unlink(path)
