"""Compiled policy kept between runs, by the content of all that it was compiled from.

An entry belongs to one set of paths and options.  It records every file read, directory listed
and path tried, with digests: when all of them answer as before, the bundle in the entry is the
answer and nothing is compiled.  When they do not, units whose patterns did not change still give
their groups.  Entries are replaced whole, so that runs may share a directory; one that cannot be
read is as none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from lsmc import __version__
from lsmc.files import StrPath, write_atomically
from lsmc.inputs import Options, RecordedFiles, unchanged
from lsmc.tables.errors import BundleError
from lsmc.tables.layout import VERSION

if TYPE_CHECKING:
    from lsmc.diagnostics import Diagnostic
    from lsmc.tables.groups import BuiltGroup

    Progress = Callable[[str, int, int], None]

_MAGIC = b"lsmc cache 1\n"
#: Bytes that a cache directory may take before its oldest entries go.
MAX_CACHE = 1 << 29


def compile_cached(
    paths: Iterable[StrPath],
    options: Options,
    *,
    jobs: int | None = None,
    directory: StrPath | None = None,
    progress: Progress | None = None,
) -> tuple[bytes, list[Diagnostic]]:
    """The bundle of some files and the warnings; raises `PolicyError`.

    `jobs` is the number of processes, as many as there are processors when None; `directory` keeps
    what was compiled, nothing is kept when None.
    """
    paths = list(paths)
    processes = jobs or os.cpu_count() or 1
    if directory is None:
        from lsmc.driver import compile_files

        return compile_files(paths, options, jobs=processes, progress=progress)
    entry = Path(directory) / f"{_name(paths, options)}.lsmc-cache"
    head, bundle = _read(entry)
    if head is not None and unchanged(head["record"]):
        return bundle, []
    return _compile(paths, options, processes, progress, entry, head, bundle)


def _compile(
    paths: Sequence[StrPath],
    options: Options,
    jobs: int,
    progress: Progress | None,
    entry: Path,
    head: Mapping[str, Any] | None,
    before: bytes,
) -> tuple[bytes, list[Diagnostic]]:
    from lsmc.driver import compile_files

    files = RecordedFiles()
    known = _Known(head["units"], before) if head is not None else None
    digests: list[str] = []
    bundle, warnings = compile_files(
        paths,
        options,
        jobs=jobs,
        progress=progress,
        files=files,
        known=known,
        digests=digests,
    )
    if not warnings:  # an entry has no room for them: they must be seen again
        _write(entry, {"record": files.record, "units": digests}, bundle)
    return bundle, warnings


class _Known(Mapping[str, "Sequence[BuiltGroup]"]):
    """The groups of an earlier bundle by the digest of their unit."""

    def __init__(self, digests: Sequence[str], bundle: bytes) -> None:
        from lsmc.tables.bundle import Bundle

        self._numbers = {digest: number for number, digest in enumerate(digests)}
        self._bundle = Bundle(bundle)

    def __getitem__(self, digest: str) -> Sequence[BuiltGroup]:
        number = self._numbers[digest]
        try:
            return self._bundle.built_groups(number)
        except BundleError:
            raise KeyError(digest) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


def _name(paths: Sequence[StrPath], options: Options) -> str:
    """The name of the entry for some paths and options."""
    facts = [__version__, VERSION, str(Path.cwd()), [str(path) for path in paths]]
    facts += [options.base, options.include, options.features, options.variables]
    return blake2b(json.dumps(facts).encode(), digest_size=16).hexdigest()


def _read(entry: Path) -> tuple[dict[str, Any] | None, bytes]:
    """The head and the bundle of an entry; no head when there is none that can be used."""
    try:
        data = entry.read_bytes()
        magic, size, checksum, rest = data.split(b"\n", 3)
        if magic + b"\n" != _MAGIC or crc32(rest) != int(checksum):
            return None, b""
        head = json.loads(rest[: int(size)])
        return head, rest[int(size) :]
    except (OSError, ValueError):
        return None, b""


def _write(entry: Path, head: Mapping[str, Any], bundle: bytes) -> None:
    """Replace an entry; a directory that cannot be written is no reason to fail."""
    body = json.dumps(head, ensure_ascii=True).encode()
    rest = body + bundle
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(entry, b"%s%d\n%d\n%s" % (_MAGIC, len(body), crc32(rest), rest))
        _trim(entry)
    except OSError:
        return


def _trim(newest: Path) -> None:
    """Remove the oldest entries until a cache directory is within its bound."""
    entries = sorted(newest.parent.glob("*.lsmc-cache"), key=lambda path: -path.stat().st_mtime)
    total = 0
    for path in entries:
        total += path.stat().st_size
        if total > MAX_CACHE and path != newest:
            path.unlink(missing_ok=True)
