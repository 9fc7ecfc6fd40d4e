"""The names in all files of a tree, kept while files change one by one."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lsmc.base.source import Source
from lsmc.compiler.inputs import DiskFiles, may_be_policy
from lsmc.modules.apparmor.editing.names import FileNames, Name, names_of
from lsmc.modules.apparmor.syntax.parser import parse

#: Directories below others that are searched, and files that are looked at.
_DEEP = 8
_MOST = 50_000
#: Bytes of a file that is looked at.
_LARGEST = 1 << 20
#: What a text with names in it has.  Policy of other modules may lie in the tree as well, and every
#: line of it would be a fault to explain.
_NAMES = re.compile(
    rb"@\{|\$\w|include\s|^\s*(?:profile|hat|\^|abi)\b|->|peer=|label=|^\s*[\"/@][^\n]*\{",
    re.MULTILINE,
)
#: Folders of a tree that hold no policy.
_OTHER = frozenset(("cache", "cache.d", "abi"))


@dataclass(frozen=True, slots=True, eq=False)
class IndexedFile:
    """A file of the tree: its text and the names in it."""

    path: str
    source: Source
    found: FileNames


class TreeIndex:
    """The files of the tree at a base."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._files: dict[str, tuple[bytes, IndexedFile]] = {}
        self._includers: dict[str, tuple[str, ...]] | None = None

    def refresh(self, files: DiskFiles, pause: Callable[[], None] = lambda: None) -> TreeIndex:
        """Read what changed; `pause` is called between files."""
        seen: set[str] = set()
        for path in self._paths(files):
            seen.add(path)
            self._read(files, path, pause)
        for path in self._files.keys() - seen:
            del self._files[path]
            self._includers = None
        return self

    def _paths(self, files: DiskFiles) -> Iterator[str]:
        todo = [(self.base, _DEEP)]
        count = 0
        while todo:
            folder, deep = todo.pop()
            try:
                names = files.entries(folder) or []
            except OSError:
                continue
            for name in sorted(filter(may_be_policy, names)):
                path = posixpath.join(folder, name)
                if files.entries(path) is None:
                    count += 1
                    if count > _MOST:
                        return
                    yield path
                elif deep and name not in _OTHER:
                    todo.append((path, deep - 1))

    def _read(self, files: DiskFiles, path: str, pause: Callable[[], None]) -> None:
        try:
            data = files.read(path)
        except OSError:
            data = b""
        known = self._files.get(path)
        if known is None or known[0] != data:
            pause()
            named = len(data) <= _LARGEST and _NAMES.search(data) is not None
            source = Source.from_bytes(path, data if named else b"")
            tree, _ = parse(source)
            one = IndexedFile(path, source, names_of(tree))
            if known is None or [*_texts(known[1])] != [*_texts(one)]:
                self._includers = None
            self._files[path] = data, one

    def __iter__(self) -> Iterator[IndexedFile]:
        return (one for _, one in self._files.values())

    def get(self, path: str) -> IndexedFile | None:
        """A file of the tree."""
        known = self._files.get(path)
        return known[1] if known is not None else None

    def includers(self, path: str) -> Iterator[str]:
        """The files that name a file in an include, or the folder that it is in, in order."""
        yield from self._include_lines().get(path, ())

    def roots(self, path: str) -> frozenset[str]:
        """The files that a file is read with as the first: those with profiles, or on top."""
        found: set[str] = set()
        todo, seen = [path], {path}
        while todo:
            inner = todo.pop()
            above = tuple(self.includers(inner))
            one = self.get(inner)
            if not above or (one is not None and one.found.profiles):
                found.add(inner)
            new = [other for other in above if other not in seen]
            seen.update(new)
            todo += new
        return frozenset(found)

    def including_profiles(self, path: str) -> list[IndexedFile]:
        """The files with profiles that include a file, directly or through others, in order."""
        found: dict[str, None] = {}
        todo = [path]
        while todo:
            for above in self.includers(todo.pop()):
                if above not in found:
                    found[above] = None
                    todo.append(above)
        files = (self._files[one][1] for one in sorted(found))
        return [one for one in files if one.found.profiles]

    def _include_lines(self) -> dict[str, tuple[str, ...]]:
        if self._includers is None:
            folders: dict[str, list[str]] = {}
            for path in self._files:
                folders.setdefault(posixpath.dirname(path), []).append(path)
            found: dict[str, dict[str, None]] = {}
            for path in sorted(self._files):
                for name in includes(self._files[path][1].found):
                    target = posixpath.normpath(self._path(name))
                    inside = (target,) if target in self._files else folders.get(target, ())
                    for one in inside:
                        found.setdefault(one, {})[path] = None
            self._includers = {path: tuple(some) for path, some in found.items()}
        return self._includers

    def _path(self, name: Name) -> str:
        return posixpath.join(self.base, name.text) if name.magic else name.text


def _texts(one: IndexedFile) -> Iterator[str]:
    return (name.text for name in includes(one.found))


def includes(found: FileNames) -> Iterator[Name]:
    """The includes of a file, and its abi lines."""
    return (name for name in found.names if name.kind == "include")
