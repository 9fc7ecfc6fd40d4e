"""What a compilation reads: the options that decide it, and the file system it sees.

A recording of everything that was read, listed or found missing tells later whether a compilation
would see the same again, without compiling.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from lsmc.files import StrPath

DEFAULT_BASE = "/etc/apparmor.d"
MAX_FILE = 64 * 1024 * 1024
#: No file system in use marks the time of a change more coarsely than this, in nanoseconds.
_GRAIN = 3_000_000_000

_IGNORED_ENDS = (
    "~",
    ".dpkg-new",
    ".dpkg-old",
    ".dpkg-dist",
    ".dpkg-bak",
    ".dpkg-remove",
    ".pacsave",
    ".pacnew",
    ".rpmnew",
    ".rpmsave",
    ".orig",
    ".rej",
    ".swp",
)


@dataclass(frozen=True, slots=True)
class Options:
    """How policy is read: the directories of includes, and what the caller sets in advance."""

    base: str = DEFAULT_BASE
    include: tuple[str, ...] = ()
    features: str | None = None
    variables: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls,
        base: StrPath | None,
        include: Iterable[StrPath],
        features: StrPath | None,
        variables: Mapping[str, str | Sequence[str]] | None,
    ) -> Options:
        """The options from the arguments of the public functions."""
        pairs = (
            (name, value if isinstance(value, str) else " ".join(value))
            for name, value in (variables or {}).items()
        )
        return cls(
            os.fspath(base) if base is not None else DEFAULT_BASE,
            tuple(os.fspath(path) for path in include),
            os.fspath(features) if features is not None else None,
            tuple(sorted(pairs)),
        )


class DiskFiles:
    """The file system for the front end; regular files up to a limit."""

    def read(self, path: str) -> bytes:
        """The content of a regular file; OSError otherwise."""
        return self._read(path)[0]

    def entries(self, path: str) -> list[str] | None:
        """The names in a directory, or None for anything else."""
        return os.listdir(path) if os.path.isdir(path) else None

    def exists(self, path: str) -> bool:
        """Whether something stands at the path."""
        return os.path.exists(path)

    @staticmethod
    def _read(path: str) -> tuple[bytes, os.stat_result]:
        with open(path, "rb") as file:
            data = file.read(MAX_FILE + 1)
            stat = os.fstat(file.fileno())
        if len(data) > MAX_FILE:
            raise OSError(27, "file is too large", path)
        return data, stat


#: Something asked of the file system: how ("read", "entries" or "exists"), and of which path.
Ask = tuple[str, str]
#: What it answered, so that JSON can hold it; for a file also how it stood on disk, if that tells.
Answer = tuple[str, str]


class RecordedFiles(DiskFiles):
    """The file system, keeping a record of what was asked of it and what it answered."""

    def __init__(self) -> None:
        self.record: dict[Ask, Answer] = {}

    def read(self, path: str) -> bytes:
        """The content of a regular file; OSError otherwise."""
        data, stat = self._read(path)
        self.record["read", path] = _digest(data), _standing(stat)
        return data

    def entries(self, path: str) -> list[str] | None:
        """The names in a directory, or None for anything else."""
        found = super().entries(path)
        self.record["entries", path] = _names(found), ""
        return found

    def exists(self, path: str) -> bool:
        """Whether something stands at the path."""
        found = super().exists(path)
        self.record["exists", path] = str(found), ""
        return found


def unchanged(ask: Ask, answer: Answer) -> bool:
    """Whether the file system answers as it did when a record was made."""
    kind, path = ask
    said, standing = answer
    files = DiskFiles()
    try:
        match kind:
            case "exists":
                return str(files.exists(path)) == said
            case "entries":
                return _names(files.entries(path)) == said
        if standing and _mark(os.stat(path)) == standing:
            return True
        return _digest(files.read(path)) == said
    except OSError:
        return False


def _standing(stat: os.stat_result) -> str:
    """What tells that a file is as it was without reading it; nothing for one just written.

    A file that is written twice within the grain of its clock looks the same after both.
    """
    settled = time.time_ns() - max(stat.st_mtime_ns, stat.st_ctime_ns) > _GRAIN
    return _mark(stat) if settled else ""


def _mark(stat: os.stat_result) -> str:
    return f"{stat.st_dev}:{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}"


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()


def _names(names: list[str] | None) -> str:
    if names is None:
        return ""
    return _digest("\0".join(sorted(names)).encode("utf-8", "surrogateescape"))


def profile_paths(paths: Iterable[StrPath], files: DiskFiles) -> tuple[list[str], list[str]]:
    """The profile files that some paths name, in order, and the paths where nothing is.

    A directory stands for the files in it, without what editors and packagers leave behind.
    """
    found: list[str] = []
    missing: list[str] = []
    for given in paths:
        path = str(given)
        names = files.entries(path)
        if names is not None:
            inside = (os.path.join(path, name) for name in sorted(names) if not ignored(name))
            found += [p for p in inside if files.entries(p) is None]
        elif files.exists(path):
            found.append(path)
        else:
            missing.append(path)
    return list(dict.fromkeys(found)), missing


def ignored(name: str) -> bool:
    """Whether a directory entry is left out of a directory include."""
    return name.startswith(".") or name == "README" or name.endswith(_IGNORED_ENDS)
