"""What SELinux gives to lint: the one file that says which of its functions do what."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from lsmc.analysis.change import Change
from lsmc.compiler.inputs import DiskFiles, Options, restricted
from lsmc.lint.model import Lint, Read, checks_in, no_assertions
from lsmc.modules.selinux.lint.error_pages import ERRORS, error_pages
from lsmc.modules.selinux.lint.reading import read_tree
from lsmc.modules.selinux.lint.tree import Tree
from lsmc.modules.selinux.settings import MAX_SOURCE, NO_NEVERALLOW


def _reader(options: Options, files: DiskFiles, text: tuple[str, bytes] | None) -> Read[Tree]:
    assertions = NO_NEVERALLOW not in dict(options.settings)
    return partial(read_tree, restricted(files, options.restrict), text, assertions)


def _changes(old: Tree, new: Tree) -> Sequence[Change]:
    from lsmc.modules.selinux.module import SELINUX

    return SELINUX.diff(old.engine, new.engine)


LINT: Lint[Tree] = Lint(
    checks=checks_in("lsmc.modules.selinux.lint.rules"),
    errors=ERRORS,
    error_pages=error_pages,
    targets=(),
    read_assertions=no_assertions("assertions: write `neverallow` rules, which SELinux has"),
    reader=_reader,
    changes=_changes,
    max_source=MAX_SOURCE,
)
