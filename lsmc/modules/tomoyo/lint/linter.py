"""What TOMOYO gives to lint: the one file that says which of its functions do what."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from lsmc.analysis.change import Change
from lsmc.compiler.inputs import DiskFiles, Options, restricted
from lsmc.lint.model import Lint, Read, checks_in, no_assertions
from lsmc.modules.tomoyo.diff import diff
from lsmc.modules.tomoyo.lint.error_pages import ERRORS, error_pages
from lsmc.modules.tomoyo.lint.tree import Tree, read_tree


def _reader(options: Options, files: DiskFiles, text: tuple[str, bytes] | None) -> Read[Tree]:
    return partial(read_tree, restricted(files, options.restrict), text)


def _changes(old: Tree, new: Tree) -> Sequence[Change]:
    return diff(old.engine, new.engine)


LINT: Lint[Tree] = Lint(
    checks=checks_in("lsmc.modules.tomoyo.lint.rules"),
    errors=ERRORS,
    error_pages=error_pages,
    targets=(),
    read_assertions=no_assertions("assertions have no meaning for TOMOYO"),
    reader=_reader,
    changes=_changes,
)
