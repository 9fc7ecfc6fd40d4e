"""A file of AppArmor as an editor asks about it: parsed, compiled, with the tree around it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from lsmc.base.source import Source, Span
from lsmc.compiler.inputs import DiskFiles, OverlaidFiles
from lsmc.ir.model import Rule
from lsmc.modules.apparmor.build.compile import Compiled, Compiler
from lsmc.modules.apparmor.editing.hosts import host_of
from lsmc.modules.apparmor.editing.names import FileNames, names_of
from lsmc.modules.apparmor.editing.tree_index import IndexedFile, TreeIndex
from lsmc.modules.apparmor.lint.linter import TreeReader
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.resolve.library import Parsed
from lsmc.modules.apparmor.resolve.variables import Variables
from lsmc.modules.editing import Scope


@dataclass(frozen=True)
class Snapshot:
    """A file at one moment; what it takes longer to know is found out when it is asked for."""

    path: str
    parsed: Parsed
    front: Compiler
    files: DiskFiles
    reader: TreeReader
    index: TreeIndex

    @property
    def source(self) -> Source:
        """The text of the file."""
        return self.parsed.source

    @property
    def base(self) -> str:
        """The directory of includes."""
        return self.index.base

    @cached_property
    def names(self) -> FileNames:
        """The names in the file."""
        return names_of(self.parsed.tree)

    @cached_property
    def tree(self) -> TreeIndex:
        """The names in all files of the tree."""
        return self.index.refresh(self.files)

    @property
    def indexed(self) -> Iterator[IndexedFile]:
        """The files of the tree, and the file itself where it lies outside."""
        if self.tree.get(self.path) is None:
            yield IndexedFile(self.path, self.source, self.names)
        yield from self.tree

    @cached_property
    def scope(self) -> Scope:
        """What is judged with the file."""
        return host_of(self.parsed, self.front.library, self.base, lambda: self.tree)

    @cached_property
    def compiled(self) -> Compiled | None:
        """What compiling the file gives, or the one that it is judged by; None if unreadable."""
        for path, data in self.scope.texts.items():
            self.front.library.text(path, data)
        try:
            return self.front.compile(self.scope.paths[0])
        except OSError:
            return None

    @cached_property
    def judged(self) -> Tree:
        """The tables of the profiles that the file is judged by."""
        files = OverlaidFiles(self.scope.texts, self.files)
        return self.reader(files, self.scope.paths, {})[0]

    @property
    def variables(self) -> Variables:
        """The variables of the file, with those that it has from others."""
        return self.compiled.preamble.variables if self.compiled is not None else Variables()

    def rules_at(self, offset: int) -> list[Rule]:
        """What the rule at an offset says once variables are put in; nothing for a faulty one."""
        found: dict[int, Rule] = {}
        for profile in self.compiled.profiles if self.compiled is not None else ():
            for rule in profile.rules:
                origin = rule.origin
                if origin.source is self.source and origin.start <= offset <= origin.end:
                    found[id(rule)] = rule
        return list(found.values())

    def span(self, start: int, end: int) -> Span:
        """A part of the text."""
        return Span(self.source, start, end)


def snapshot(reader: TreeReader, files: DiskFiles, path: str) -> Snapshot:
    """A file as it is now; OSError when it cannot be read."""
    front = reader.front(files)
    base = next(iter(front.library.search), posixpath.dirname(path))
    index = reader.kept(TreeIndex, posixpath.normpath(base))
    return Snapshot(path, front.library.file(path), front, files, reader, index)


def scope(snapshot: Snapshot) -> Scope:
    """What is judged with a file."""
    return snapshot.scope


def warm(snapshot: Snapshot, files: DiskFiles, pause: Callable[[], None]) -> None:
    """Read the tree around a file; `pause` is called between its files."""
    snapshot.index.refresh(files, pause)
