"""What TOMOYO gives to lint: the one file that says which of its functions do what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from lsmc.analysis.change import Change
from lsmc.compiler.inputs import DiskFiles, Options, restricted
from lsmc.lint.model import Lint, Read, SettingError, checks_in
from lsmc.modules.tomoyo.diff import diff
from lsmc.modules.tomoyo.lint.error_pages import ERRORS, error_pages
from lsmc.modules.tomoyo.lint.tree import Tree, read_tree


def _reader(options: Options, files: DiskFiles, text: tuple[str, bytes] | None) -> Read[Tree]:
    return partial(read_tree, restricted(files, options.restrict), text)


def _read_assertions(table: Mapping[str, Any]) -> object:
    if table.get("assertions"):
        raise SettingError("assertions have no meaning for TOMOYO")
    return ()


def _changes(old: Tree, new: Tree) -> Sequence[Change]:
    return diff(old.engine, new.engine)


LINT: Lint[Tree] = Lint(
    checks=checks_in("lsmc.modules.tomoyo.lint.rules"),
    errors=ERRORS,
    error_pages=error_pages,
    targets=(),
    read_assertions=_read_assertions,
    reader=_reader,
    changes=_changes,
)
