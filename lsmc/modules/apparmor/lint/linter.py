"""What AppArmor gives to lint: the one file that says which of its functions do what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

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
        self._groups: Known = {}

    def __call__(
        self, files: DiskFiles, paths: Sequence[str], settings: Mapping[str, Any]
    ) -> tuple[Tree, Sequence[Diagnostic]]:
        """The tree of some files of a file system, and the errors met."""
        self._front = front_end(self._options, files, before=self._front)
        for path in paths:
            with suppress(OSError):  # who compiles it says so
                self._front.library.file(path)
        tree, errors = compile_tree(self._front, paths, settings, built=self._groups)
        self._groups = tree.groups()
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
