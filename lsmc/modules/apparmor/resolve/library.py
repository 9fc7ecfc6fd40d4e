"""The files of a compilation: each is read and parsed once, whoever includes it.

Includes are found as apparmor_parser does: `<name>` in the search directories, anything else as a
path; a directory stands for its files in name order, without what editors and packagers leave
behind (apparmor.d(5), "Include mechanism").
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from errno import EFBIG
from typing import Any, NamedTuple, Protocol, TypeVar

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source, to_display, to_path
from lsmc.compiler.errors import unreadable
from lsmc.compiler.inputs import FileQuery, ignored
from lsmc.modules.apparmor.errors import did_you_mean, error
from lsmc.modules.apparmor.resolve.features import Features, parse_features
from lsmc.modules.apparmor.resolve.refused import Refused
from lsmc.modules.apparmor.syntax import ast

T = TypeVar("T")

#: Bytes of all files of a compilation; their trees take some 150 bytes of memory for each.
MAX_TEXT = 1 << 26
#: Bytes of files that are remembered from one compilation to the next.
MAX_REMEMBERED = 1 << 21


class FileSystem(Protocol):
    """The file system, as the driver offers it."""

    def read(self, path: str) -> bytes:
        """The content of a file; OSError when it cannot be read."""

    def entries(self, path: str) -> list[str] | None:
        """The names in a directory, or None when the path is not a directory; OSError."""

    def exists(self, path: str) -> bool:
        """Whether something stands at the path."""


class Parsed(NamedTuple):
    """A file's syntax tree and what is wrong with its syntax."""

    path: str
    tree: ast.File
    diagnostics: tuple[Diagnostic, ...]

    @property
    def source(self) -> Source:
        """The text that was parsed."""
        return self.tree.span.source


class _Found(NamedTuple):
    """The files that an include names, and what was asked to know it."""

    files: tuple[str, ...] | None
    asked: tuple[FileQuery, ...]


class Remembered(NamedTuple):
    """What a library leaves to the next: the parsed files by path, and what was made of it."""

    parsed: Mapping[str, Parsed]
    kept: Mapping[object, Any]


class Library:
    """Reads, parses and remembers the files of one compilation."""

    def __init__(
        self,
        files: FileSystem,
        search: Sequence[str],
        parse: Callable[[Source], tuple[ast.File, tuple[Diagnostic, ...]]],
        before: Remembered | None = None,
    ) -> None:
        """Of `before` the files count that still have the same text."""
        self.files = files
        self.search = tuple(search)
        self.sources: dict[str, Source] = {}
        #: What was asked of the file system, for who keeps account of it; see `inputs.FileQuery`.
        self.asked: set[FileQuery] = set()
        self._parse = parse
        self._before = before or Remembered({}, {})
        self._size = 0
        self.parsed: dict[str, Parsed] = {}
        self._found: dict[tuple[str, bool], _Found] = {}
        self._features: dict[str, tuple[Features, tuple[Diagnostic, ...]]] = {}
        self._kept: dict[object, Any] = {}

    def kept(self, make: Callable[[Library], T]) -> T:
        """What a function makes of this library; however many ask, it is made once."""
        if make not in self._kept:
            self._kept[make] = make(self)
        found: T = self._kept[make]
        return found

    def kept_before(self, make: Callable[[Library], T]) -> T | None:
        """What a function made of the library before this one."""
        return self._before.kept.get(make)

    def hand_over(self) -> Remembered:
        """What a later library can use, which this one gives up; older files if they are few."""
        found = {**self._before.parsed, **self.parsed}
        size = sum(len(one.source.text) for one in found.values())
        self._before = Remembered({}, {})  # or what is older would never go
        return Remembered(found if size <= MAX_REMEMBERED else self.parsed, self._kept)

    def file(self, path: str) -> Parsed:
        """The parsed file; OSError when it cannot be read."""
        self.asked.add(("read", path))
        known = self.parsed.get(path)
        if known is None:
            data = self.files.read(path)
            self._size += len(data)
            if self._size > MAX_TEXT:
                raise OSError(EFBIG, f"all files together are larger than {MAX_TEXT} bytes", path)
            known = self.text(path, data)
        return known

    def text(self, path: str, data: bytes) -> Parsed:
        """Parse a text under a path; it stands for that file from now on."""
        source = Source.from_bytes(path, data)
        parsed = self._before.parsed.get(path)
        if parsed is None or parsed.source.text != source.text:
            tree, diagnostics = self._parse(source)
            parsed = Parsed(path, tree, diagnostics)
        self.sources[path] = parsed.source
        self.parsed[path] = parsed
        return parsed

    def forget(self, path: str) -> None:
        """Give up a file that nothing is asked of any more; it is read again where it is."""
        self.parsed.pop(path, None)
        self.sources.pop(path, None)

    def find(self, path: ast.Word, magic: bool) -> tuple[str, ...] | None:
        """The files that an include names, or None when there is nothing by that name."""
        found = self._found.get((path.text, magic))
        if found is None:
            asked: list[FileQuery] = []
            files = self._find(path.text, magic, asked)
            found = self._found[path.text, magic] = _Found(files, tuple(asked))
        self.asked.update(found.asked)
        return found.files

    def _find(self, text: str, magic: bool, asked: list[FileQuery]) -> tuple[str, ...] | None:
        name = to_path(text)
        if not name:
            return None
        candidates = [posixpath.join(d, name) for d in self.search] if magic else [name]
        for candidate in candidates:
            if "\0" in candidate:
                continue
            asked.append(("exists", candidate))
            if not self.files.exists(candidate):
                continue
            asked.append(("entries", candidate))
            try:
                entries = self.files.entries(candidate)
            except OSError:
                entries = None  # a directory that cannot be listed: reading it will say why
            if entries is None:
                return (candidate,)
            inside = [posixpath.join(candidate, e) for e in sorted(entries) if not ignored(e)]
            asked += [("entries", path) for path in inside]
            return tuple(path for path in inside if self.files.entries(path) is None)
        return None

    def include(self, include: ast.Include) -> tuple[str, ...]:
        """The files of an include directive; raises `Refused` when it is missing."""
        found = self.find(include.path, include.magic)
        if found is None:
            if include.if_exists:
                return ()
            raise Refused(self.missing("missing-include", include.path, include.magic))
        return found

    def missing(self, kind: str, path: ast.Word, magic: bool) -> Diagnostic:
        """The error for an include or abi file that is not there."""
        name = to_display(path.text)
        where = ", ".join(self.search) or "nothing, as `--restrict` leaves no directory of includes"
        where = where if magic else "the working directory"
        close = did_you_mean(name, self.names(posixpath.dirname(name))) if magic else ""
        verb = "cannot find" if kind == "missing-include" else "cannot find the abi file"
        help_ = f"searched: {where}"
        if magic and self.search and not self.names(posixpath.dirname(name)):
            help_ += "; install the package `apparmor`, or name the directory with `--base DIR`"
        return error(kind, path.span, f"{verb} `{name}`", close or help_)

    def names(self, folder: str) -> list[str]:
        """What a folder of the search directories holds, as an include names it."""
        found: list[str] = []
        for directory in self.search:
            try:
                entries = self.files.entries(posixpath.join(directory, folder)) or []
            except OSError:
                continue
            found += [posixpath.join(folder, e) for e in sorted(entries)]
        return found

    def features(self, abi: ast.Abi) -> tuple[Features, tuple[Diagnostic, ...]]:
        """The feature set that an abi line names; raises `Refused` when it is missing."""
        found = self.find(abi.path, abi.magic)
        if not found or len(found) > 1:
            raise Refused(self.missing("missing-abi-file", abi.path, abi.magic))
        try:
            return self._read_features(found[0])
        except OSError as fault:
            raise Refused(unreadable(found[0], fault, abi.path.span)) from None

    def features_of(self, path: str) -> Features:
        """The feature set of a file that was read before; OSError when it cannot be read."""
        return self._read_features(path)[0]

    def _read_features(self, path: str) -> tuple[Features, tuple[Diagnostic, ...]]:
        self.asked.add(("read", path))
        if path not in self._features:
            self._features[path] = parse_features(Source.from_bytes(path, self.files.read(path)))
        return self._features[path]
