"""Compiled policy kept in directories, laid out as AppArmor's own library reads and writes them.

For each set of features a place has a directory `ID.N`: ID is a hash of their text, N counts the
sets of one hash.  In it are that text as `.features`, and a file for each file of policy, of the
same name, which was last modified when the newest of its sources was (libapparmor's features.c and
policy_cache.c, apparmor_parser's policy_cache.c).
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from lsmc.base.diagnostics import PolicyError
from lsmc.base.files import read_regular, replace_file
from lsmc.base.source import Source
from lsmc.base.zstd import ZstdFault
from lsmc.modules.apparmor.kernel.compiled import (
    DamagedPolicy,
    is_version,
    packed,
    profiles,
    stream_of,
)
from lsmc.modules.apparmor.kernel.target import (
    features_text,
    format_for,
    version_of,
)
from lsmc.modules.apparmor.resolve.features import parse_features

_FEATURES, _OWN = ".features", ".lsmc"
_FOLDER = re.compile(r"[0-9a-f]{8}\.([0-9]{1,9})")
#: Bytes of features, and of a file of compiled policy.
_MAX_FEATURES, _MAX_POLICY = 1 << 16, 1 << 30
#: Places that are looked through, the first of which is written to.
_MOST = 4
_WORD = 0xFFFFFFFF


class PolicyCache(NamedTuple):
    """The directories for one set of features.

    Attributes:
        folders: the directory of each place; the first is written to.
        features: the text of the features.
        version: the version of the format that they call for.
        compressed: whether the kernel unpacks compressed policy, so that it is kept as such.
    """

    folders: Sequence[str]
    features: bytes
    version: int
    compressed: bool

    def find(self, name: str) -> str | None:
        """The compiled policy of a file's name: that of the first place that has it.

        An empty one hides those of the other places, and is none.
        """
        for folder in self.folders:
            path = Path(folder, name)
            if path.exists():
                return str(path) if path.is_file() and path.stat().st_size else None
        return None

    def read(self, path: str, newest: int) -> bytes | None:
        """What `find` found, if it is of this version and no older than its sources; OSError.

        `newest` is when the last of these was modified, in nanoseconds since the epoch.
        """
        data, found = read_regular(path, _MAX_POLICY)
        if found.st_mtime_ns < newest:
            return None
        try:
            stream = stream_of(data)
            for _ in profiles(stream):
                pass
        except (DamagedPolicy, ZstdFault):
            return None
        return data if is_version(stream, self.version) else None

    @property
    def own(self) -> str:
        """A directory for what lsmc alone keeps: AppArmor's programs pass over it."""
        return str(Path(self.folders[0], _OWN))

    def create(self) -> None:
        """Make the directory that is written to; OSError."""
        folder = Path(self.folders[0])
        folder.parent.mkdir(0o755, parents=True, exist_ok=True)
        folder.mkdir(0o700, exist_ok=True)
        if not (folder / _FEATURES).exists():
            replace_file(folder / _FEATURES, self.features)

    def keep(self, name: str, data: bytes, newest: int) -> str:
        """Keep what a file of policy was compiled to; returns its path; OSError.

        Where the kernel unpacks it, it is compressed, if there is a library for that.
        """
        self.create()
        if self.compressed:
            with suppress(ZstdFault):
                data = packed(data)
        path = Path(self.folders[0], name)
        try:
            _replace(path, data, newest)
        except OSError as fault:
            fault.filename = str(path)  # of the other name nobody knows
            raise
        return str(path)


def _replace(path: Path, data: bytes, modified: int) -> None:
    """Let a new file with a time of its own take a place in one step; OSError."""
    handle, part = tempfile.mkstemp(prefix=f".{path.name[:200]}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.utime(handle, ns=(modified, modified))
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink()
        raise


def policy_cache(places: Sequence[str], features: str | None) -> PolicyCache | None:
    """The cache at some places for a kernel; None where nothing tells its features.

    `features` is a file or a directory of them, None for the running kernel's.  Raises ValueError
    for too many places, `PolicyError` for what are no features, OSError.
    """
    if len(places) > _MOST:
        raise ValueError(f"{len(places)} places of caches: at most {_MOST} can be used")
    text = features_text(features)
    if text is None:
        return None
    parsed, faults = parse_features(Source(features or "features", text.decode("latin-1")))
    if faults:
        raise PolicyError(faults)
    version = version_of(format_for(parsed).interface)
    folders = [_folder(place, text) for place in places]
    return PolicyCache(folders, text, version, "policy/compressed_load" in parsed)


def purge(places: Iterable[str]) -> None:
    """Remove all caches of some places, and nothing else; OSError."""
    for place in places:
        for folder in _folders(place):
            shutil.rmtree(Path(place, folder))


def _folder(place: str, features: bytes) -> str:
    """The directory of some features at a place, there or to be made."""
    head = f"{features_id(features)}."
    numbers = [-1]
    for name in (head + "0", *(name for name in _folders(place) if name.startswith(head))):
        path = Path(place, name)
        try:
            if read_regular(path / _FEATURES, _MAX_FEATURES)[0] == features:
                return str(path)
        except FileNotFoundError:
            return str(path)
        except OSError:
            pass  # of other features, for all that is known
        numbers.append(int(name.removeprefix(head)))
    return str(Path(place, f"{head}{max(numbers) + 1}"))


def _folders(place: str) -> Iterator[str]:
    """The names of the directories of caches at a place."""
    if not Path(place).is_dir():
        return
    for path in sorted(Path(place).iterdir()):
        if _FOLDER.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            yield path.name


def features_id(features: bytes) -> str:
    """The name of a set of features: MurmurHash3 of 32 bits of their text, from 5381 on."""
    found = 5381
    end = len(features) & ~3
    for at in range(0, end, 4):
        found ^= _scrambled(int.from_bytes(features[at : at + 4], "little"))
        found = (_rotated(found, 13) * 5 + 0xE6546B64) & _WORD
    found ^= _scrambled(int.from_bytes(features[end:], "little")) ^ len(features)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        found = ((found ^ found >> shift) * factor) & _WORD
    return f"{found ^ found >> 16:08x}"


def _scrambled(word: int) -> int:
    return (_rotated(word * 0xCC9E2D51 & _WORD, 15) * 0x1B873593) & _WORD


def _rotated(word: int, bits: int) -> int:
    return (word << bits | word >> 32 - bits) & _WORD
