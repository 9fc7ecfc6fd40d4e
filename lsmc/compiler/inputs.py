"""The inputs of a compilation: its options, and the file system.

`RecordedFiles` records everything that was read, listed or found missing.  From the record a later
run can tell whether a compilation would see the same again, without compiling.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from lsmc.base.files import StrPath, joined, read_regular
from lsmc.base.text import encode

DEFAULT_BASE = "/etc/apparmor.d"
#: Bytes of one file of policy; the largest profile in use has a fortieth.
MAX_SOURCE = 1 << 22
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
#: The end of the names of files with tests of a policy, which may lie beside it.
TESTS = ".test.toml"
#: Ends of the names of files that lie beside policy and are none: no profile of a directory.
_OTHER_ENDS = (".json", ".jsonl", ".lsmb", ".md", ".sarif", ".toml", ".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Options:
    """How policy is read: the directories of includes, and variables set in advance.

    With `restrict` nothing outside of these directories is read.  `target` is the release of the
    compiler to decide as; by default the abi of each profile says it.  `settings` are those that
    only some security modules have, by name.  With `texts`, files by path, nothing is read from
    disk: there is no other file.
    """

    base: str = DEFAULT_BASE
    include: tuple[str, ...] = ()
    features: str | None = None
    variables: tuple[tuple[str, str], ...] = ()
    restrict: tuple[str, ...] = ()
    target: str | None = None
    settings: tuple[tuple[str, str], ...] = ()
    texts: tuple[tuple[str, bytes], ...] = ()


class Given(NamedTuple):
    """What a caller says of how policy is read; None where nothing is said.

    The fields are those of `Options`, in the types that the public functions take.
    """

    base: StrPath | None = None
    include: Iterable[StrPath] = ()
    features: StrPath | None = None
    variables: Mapping[str, str | Sequence[str]] | None = None
    restrict: Iterable[StrPath] = ()
    target: str | None = None
    settings: Mapping[str, str] | None = None

    def options(self) -> Options:
        """The options, with defaults for what is not said."""
        pairs = (
            (name, value if isinstance(value, str) else " ".join(value))
            for name, value in (self.variables or {}).items()
        )
        return Options(
            os.fspath(self.base) if self.base is not None else DEFAULT_BASE,
            tuple(os.fspath(path) for path in self.include),
            os.fspath(self.features) if self.features is not None else None,
            tuple(sorted(pairs)),
            tuple(os.fspath(path) for path in self.restrict),
            self.target,
            tuple(sorted((self.settings or {}).items())),
        )


class DiskFiles:
    """The file system for the front end; reads regular files up to a limit, in bytes."""

    limit = MAX_SOURCE

    def __init__(self, limit: int = MAX_SOURCE) -> None:
        self.limit = limit

    def read(self, path: str) -> bytes:
        """The content of a regular file; OSError otherwise."""
        return read_regular(path, self.limit)[0]

    def entries(self, path: str) -> list[str] | None:
        """The names in a directory, or None for anything else."""
        return os.listdir(path) if os.path.isdir(path) else None

    def exists(self, path: str) -> bool:
        """Whether a path exists."""
        return os.path.exists(path)


class TextFiles(DiskFiles):
    """A file system of texts, by path."""

    def __init__(self, texts: Iterable[tuple[str, bytes]]) -> None:
        super().__init__()
        self.texts = dict(texts)

    def read(self, path: str) -> bytes:
        """The content of a file; OSError for one that is not there."""
        try:
            return self.texts[os.path.normpath(path)]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from None

    def entries(self, path: str) -> list[str] | None:
        """The names in a directory, or None for anything else."""
        head = os.path.join(os.path.normpath(path), "")
        names = {one[len(head) :].split("/")[0] for one in self.texts if one.startswith(head)}
        return sorted(names) or None

    def exists(self, path: str) -> bool:
        """Whether a path exists."""
        return os.path.normpath(path) in self.texts or self.entries(path) is not None


class OverlaidFiles(DiskFiles):
    """A file system with other texts for some files, by path; there need be no such files."""

    def __init__(self, texts: Mapping[str, bytes], below: DiskFiles | None = None) -> None:
        """`below` has all other files; by default the disk."""
        self._below = below or DiskFiles()
        self._texts = TextFiles((os.path.abspath(path), text) for path, text in texts.items())
        super().__init__(self._below.limit)

    def read(self, path: str) -> bytes:
        """The content of a regular file; OSError otherwise."""
        text = self._texts.texts.get(os.path.abspath(path))
        if text is None:
            return self._below.read(path)
        if len(text) > self.limit:
            raise OSError(errno.EFBIG, f"larger than {self.limit} bytes", path)
        return text

    def entries(self, path: str) -> list[str] | None:
        """The names in a directory, or None for anything else."""
        found, more = self._below.entries(path), self._texts.entries(os.path.abspath(path))
        return found if more is None else sorted({*(found or ()), *more})

    def exists(self, path: str) -> bool:
        """Whether a path exists."""
        return self._below.exists(path) or self._texts.exists(os.path.abspath(path))


def files_of(options: Options) -> DiskFiles:
    """The file system that options let be read."""
    files = TextFiles(options.texts) if options.texts else DiskFiles()
    return restricted(files, options.restrict)


class OutsideError(PermissionError):
    """A file lies outside of the directories that may be read."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.EACCES, "outside of the directories of --restrict", path)


class RestrictedFiles(DiskFiles):
    """A file system where only some directories can be read, even through links.

    Anything else is a file that cannot be read, whether it exists or not, so that policy cannot
    even probe for it.
    """

    def __init__(self, files: DiskFiles, roots: Iterable[str]) -> None:
        self.limit = files.limit
        self.files = files
        self.roots = tuple(os.path.realpath(root) for root in roots)

    def within(self, path: str) -> bool:
        """Whether a path leads into one of the directories."""
        real = os.path.realpath(path)
        return any(os.path.commonpath((root, real)) == root for root in self.roots)

    def read(self, path: str) -> bytes:
        """The content of a regular file; OSError otherwise."""
        if not self.within(path):
            raise OutsideError(path)
        return self.files.read(path)

    def entries(self, path: str) -> list[str] | None:
        """The names in a directory, or None for anything else."""
        return self.files.entries(path) if self.within(path) else None

    def exists(self, path: str) -> bool:
        """Whether a path exists; outside of the directories every path does."""
        return not self.within(path) or self.files.exists(path)


def restricted(files: DiskFiles, roots: Iterable[str]) -> DiskFiles:
    """The file system restricted to some directories; unrestricted when there are none."""
    roots = tuple(roots)
    if not roots or isinstance(files, RestrictedFiles):
        return files
    return RestrictedFiles(files, roots)


#: Something asked of the file system: how ("read", "entries" or "exists"), and of which path.
FileQuery = tuple[str, str]
#: What it answered, so that JSON can hold it; for a file also how it stood on disk, if that tells.
FileState = tuple[str, str]


class RecordedFiles(DiskFiles):
    """The file system, with a record of each query and its answer."""

    def __init__(self, limit: int = MAX_SOURCE) -> None:
        self.limit = limit
        self.record: dict[FileQuery, FileState] = {}

    def read(self, path: str) -> bytes:
        """The content of a regular file; OSError otherwise."""
        data, stat = read_regular(path, self.limit)
        self.record["read", path] = _digest(data), _fingerprint(stat)
        return data

    def entries(self, path: str) -> list[str] | None:
        """The names in a directory, or None for anything else."""
        found = super().entries(path)
        self.record["entries", path] = _names(found), ""
        return found

    def exists(self, path: str) -> bool:
        """Whether a path exists."""
        found = super().exists(path)
        self.record["exists", path] = str(found), ""
        return found


def agreed(records: Iterable[Mapping[FileQuery, FileState]]) -> dict[FileQuery, FileState] | None:
    """One record of several, or None when the file system did not answer all of them alike."""
    merged: dict[FileQuery, FileState] = {}
    for record in records:
        for ask, answer in record.items():
            if merged.setdefault(ask, answer)[0] != answer[0]:
                return None
    return merged


def changed(asks: Sequence[tuple[FileQuery, FileState]]) -> set[int]:
    """The numbers of the queries that the file system answers otherwise now."""
    stands: set[str] = set()  # files that were read and are as they were
    found: set[int] = set()
    order = sorted(range(len(asks)), key=lambda number: asks[number][0][0] != "read")
    for number in order:
        (kind, path), (said, fingerprint) = asks[number]
        if kind == "read":
            if fingerprint and _stands(path, fingerprint):
                stands.add(path)
                continue
        elif path in stands and said == _OF_A_FILE[kind]:
            continue
        if not _unchanged(kind, path, said):
            found.add(number)
    return found


#: What is answered of a regular file.
_OF_A_FILE = {"exists": "True", "entries": ""}


#: Bytes of a file of policy that no module reads.
_LARGEST = 1 << 30


def _unchanged(kind: str, path: str, said: str) -> bool:
    files = DiskFiles(_LARGEST)
    try:
        match kind:
            case "exists":
                return str(files.exists(path)) == said
            case "entries":
                return _names(files.entries(path)) == said
        return _digest(files.read(path)) == said
    except OSError:
        return False


def _stands(path: str, fingerprint: str) -> bool:
    try:
        return _mark(os.stat(path)) == fingerprint
    except OSError:
        return False


def _fingerprint(stat: os.stat_result) -> str:
    """The `stat` fields that show a file to be unchanged; empty for a file written just now.

    A file written twice within the grain of its clock looks the same after both writes.
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
    return _digest(encode("\0".join(sorted(names))))


#: Finds the files of policy that some paths name, each once and in order, and the missing paths.
FindFiles = Callable[[Iterable[StrPath], DiskFiles], tuple[list[str], list[str]]]


def profile_paths(paths: Iterable[StrPath], files: DiskFiles) -> tuple[list[str], list[str]]:
    """The profile files that some paths name, each once and in order, and the missing paths.

    A directory stands for the files in it, without those that editors and packagers leave behind
    and those that `other_files` returns.
    """
    found: list[str] = []
    missing: list[str] = []
    for given in paths:
        path = str(given)
        names = files.entries(path)
        if names is not None:
            inside = (joined(path, name) for name in filter(may_be_policy, sorted(names)))
            found += [p for p in inside if files.entries(p) is None]
        elif files.exists(path):
            found.append(path)
        else:
            missing.append(path)
    first: dict[str, str] = {}
    for path in found:
        first.setdefault(os.path.abspath(path), path)
    return list(first.values()), missing


def other_files(paths: Iterable[StrPath], files: DiskFiles) -> list[str]:
    """The files of some directories that are not profiles, judged by the ends of their names.

    Tests of the policy and hidden files are left out, since nobody takes them for profiles.
    """
    folders = ((str(path), files.entries(str(path)) or ()) for path in paths)
    return [
        joined(folder, name)
        for folder, names in folders
        for name in sorted(names)
        if name.endswith(_OTHER_ENDS + _IGNORED_ENDS)
        and not name.endswith(TESTS)
        and not name.startswith(".")
    ]


def ignored(name: str) -> bool:
    """Whether a directory entry is left out of a directory include."""
    return name.startswith(".") or name == "README" or name.endswith(_IGNORED_ENDS)


def may_be_policy(name: str) -> bool:
    """Whether a file of a folder of policy is taken for policy, by its name."""
    return not ignored(name) and not name.endswith(_OTHER_ENDS)
