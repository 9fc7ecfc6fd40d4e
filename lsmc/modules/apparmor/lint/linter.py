"""What AppArmor gives to lint: the one file that says which of its functions do what."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from lsmc.analysis.change import Change
from lsmc.compiler.inputs import DiskFiles, Options
from lsmc.lint.model import Lint, Read, checks_in
from lsmc.modules.apparmor.analysis.diff import diff
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.lint.assertions import read_assertions
from lsmc.modules.apparmor.lint.error_pages import ERRORS, error_pages
from lsmc.modules.apparmor.lint.tree import Tree, compile_tree
from lsmc.modules.apparmor.releases import TARGETS


def _reader(options: Options, files: DiskFiles, text: tuple[str, bytes] | None) -> Read[Tree]:
    front = front_end(options, files)
    if text is not None:
        front.library.text(*text)
    return partial(compile_tree, front)


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
)
