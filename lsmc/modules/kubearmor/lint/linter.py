"""What KubeArmor gives to lint: the one file that says which of its functions do what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from lsmc.analysis.change import Change
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.files import StrPath
from lsmc.compiler.inputs import DiskFiles, Options
from lsmc.lint.model import Lint, Read, checks_in, no_assertions
from lsmc.lint.rule_docs import Page
from lsmc.modules.kubearmor.lint.errors import ERRORS, error_page
from lsmc.modules.kubearmor.lint.tree import Tree, read_tree


def _reader(options: Options, files: DiskFiles, text: tuple[str, bytes] | None) -> Read[Tree]:
    def read(
        paths: Iterable[StrPath], settings: Mapping[str, Any], jobs: int
    ) -> tuple[Tree, Sequence[Diagnostic]]:
        del jobs  # reading is quick
        return read_tree(options, files, text, paths, settings)

    return read


@cache
def _error_pages() -> Mapping[str, Page]:
    return {code: error_page(code) for code in ERRORS}


def _changes(old: Tree, new: Tree) -> Sequence[Change]:
    from lsmc.modules.kubearmor.diff import changes

    return changes(old.confinements, new.confinements)


LINT: Lint[Tree] = Lint(
    checks=checks_in("lsmc.modules.kubearmor.lint.rules"),
    errors={code: error.name for code, error in ERRORS.items()},
    error_pages=_error_pages,
    targets=(),
    read_assertions=no_assertions("assertions: KubeArmor has none; write `[[never]]` tests"),
    reader=_reader,
    changes=_changes,
)
