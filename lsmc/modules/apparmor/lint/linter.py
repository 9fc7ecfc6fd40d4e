"""What AppArmor gives to lint: the one file that says which of its functions do what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from lsmc.analysis.change import Change
from lsmc.base.diagnostics import Diagnostic
from lsmc.compiler.inputs import DiskFiles, Options
from lsmc.lint.model import Lint, Read, checks_in
from lsmc.modules.apparmor.analysis.diff import diff
from lsmc.modules.apparmor.build.compile import Compiler
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.lint.assertions import read_assertions
from lsmc.modules.apparmor.lint.error_pages import ERRORS, error_pages
from lsmc.modules.apparmor.lint.tree import Tree, compile_tree
from lsmc.modules.apparmor.releases import TARGETS
from lsmc.tables.build import Known

K = TypeVar("K")
T = TypeVar("T")
#: Groups of units that are kept beside those of the last tree.
_MANY_GROUPS = 4000


def _reader(options: Options, files: DiskFiles, text: tuple[str, bytes] | None) -> Read[Tree]:
    front = front_end(options, files)
    if text is not None:
        front.library.text(*text)
    return partial(compile_tree, front)


class TreeReader:
    """Reads trees again and again; what a text gave counts until the text changes."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._front: Compiler | None = None
        self._files: DiskFiles | None = None
        self._groups: Known = {}
        self._kept: dict[object, Any] = {}

    def front(self, files: DiskFiles) -> Compiler:
        """A compiler of the files of a file system, in place of that of the last one."""
        if self._front is None or files is not self._files:
            self._front = front_end(self._options, files, before=self._front)
            self._files = files
        return self._front

    def kept(self, make: Callable[[K], T], of: K) -> T:
        """What a function makes of something, made once."""
        key = make, of
        if key not in self._kept:
            self._kept[key] = make(of)
        found: T = self._kept[key]
        return found

    def __call__(
        self, files: DiskFiles, paths: Sequence[str], settings: Mapping[str, Any]
    ) -> tuple[Tree, Sequence[Diagnostic]]:
        """The tree of some files of a file system, and the errors met."""
        front = self.front(files)
        for path in paths:
            with suppress(OSError):  # who compiles it says so
                front.library.file(path)
        tree, errors = compile_tree(front, paths, settings, built=self._groups)
        groups = tree.groups()
        few = len(self._groups) + len(groups) <= _MANY_GROUPS
        self._groups = {**self._groups, **groups} if few else groups
        return tree, errors


def _changes(old: Tree, new: Tree) -> Sequence[Change]:
    return diff(old.engine, new.engine)


LINT: Lint[Tree] = Lint(
    checks=checks_in("lsmc.modules.apparmor.lint.rules"),
    errors=ERRORS,
    error_pages=error_pages,
    targets=TARGETS,
    read_assertions=read_assertions,
    reader=_reader,
    changes=_changes,
    rereader=TreeReader,
)
