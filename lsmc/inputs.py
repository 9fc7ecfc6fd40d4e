"""What a compilation reads: the options that decide it, and the file system it sees.

A recording of everything that was read, listed or found missing tells later whether a compilation
would see the same again, without compiling.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from lsmc.files import StrPath

DEFAULT_BASE = "/etc/apparmor.d"
MAX_FILE = 64 * 1024 * 1024

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
        with Path(path).open("rb") as file:
            data = file.read(MAX_FILE + 1)
        if len(data) > MAX_FILE:
            raise OSError(27, "file is too large", path)
        return data

    def entries(self, path: str) -> list[str] | None:
        """The names in a directory, or None for anything else."""
        place = Path(path)
        return [entry.name for entry in place.iterdir()] if place.is_dir() else None

    def exists(self, path: str) -> bool:
        """Whether something stands at the path."""
        return Path(path).exists()


class RecordedFiles(DiskFiles):
    """The file system, keeping a record of what was asked of it and what it answered."""

    def __init__(self) -> None:
        self.record: dict[str, dict[str, Any]] = {"read": {}, "entries": {}, "exists": {}}

    def read(self, path: str) -> bytes:
        """The content of a regular file; OSError otherwise."""
        data = super().read(path)
        self.record["read"][path] = _digest(data)
        return data

    def entries(self, path: str) -> list[str] | None:
        """The names in a directory, or None for anything else."""
        found = super().entries(path)
        self.record["entries"][path] = _digest_names(found)
        return found

    def exists(self, path: str) -> bool:
        """Whether something stands at the path."""
        found = super().exists(path)
        self.record["exists"][path] = found
        return found


def unchanged(record: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the file system would answer everything in a record as it did."""
    files = DiskFiles()
    try:
        return (
            all(files.exists(path) == found for path, found in record["exists"].items())
            and all(
                _digest_names(files.entries(path)) == digest
                for path, digest in record["entries"].items()
            )
            and all(_digest(files.read(path)) == digest for path, digest in record["read"].items())
        )
    except OSError:
        return False


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()


def _digest_names(names: list[str] | None) -> str:
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
            inside = (str(Path(path) / name) for name in sorted(names) if not ignored(name))
            found += [p for p in inside if files.entries(p) is None]
        elif files.exists(path):
            found.append(path)
        else:
            missing.append(path)
    return list(dict.fromkeys(found)), missing


def ignored(name: str) -> bool:
    """Whether a directory entry is left out of a directory include."""
    return name.startswith(".") or name == "README" or name.endswith(_IGNORED_ENDS)
