"""Reads policy for lint: a policy with errors has none of what checks judge."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lsmc.base.diagnostics import Diagnostic, PolicyError
from lsmc.base.files import StrPath
from lsmc.base.source import Source
from lsmc.compiler.inputs import DiskFiles
from lsmc.compiler.whole import found_sources
from lsmc.modules.selinux.files import find_files
from lsmc.modules.selinux.front import resolved
from lsmc.modules.selinux.lint.tree import Tree
from lsmc.modules.selinux.model import Policy, Rules, TypeRules
from lsmc.modules.selinux.places import Places


def read_tree(
    files: DiskFiles,
    text: tuple[str, bytes] | None,
    assertions: bool,
    paths: Iterable[StrPath],
    settings: Mapping[str, Any],
    _jobs: int,
) -> tuple[Tree, Sequence[Diagnostic]]:
    """The tree of some files, and the errors met; `text` is one that is not there."""
    sources, errors = found_sources(paths, files, find_files, text)
    if not errors and sources:
        try:
            return Tree(resolved(sources, assertions=assertions), settings), []
        except PolicyError as fault:
            errors += fault.diagnostics
    return Tree(_nothing(sources), settings, refused=True), errors


def _nothing(sources: Sequence[Source]) -> Policy:
    """A policy without a statement, of files that are refused."""
    starts, at = [], 0
    for source in sources:
        starts.append(at)
        at += len(source.text) + 1
    return Policy(
        places=Places(tuple(sources), starts),
        mls=False,
        handle_unknown="deny",
        capabilities=(),
        classes=(),
        sids=(),
        types=(),
        attributes=(),
        roles=(),
        role_attributes=(),
        users=(),
        sensitivities=(),
        sensitivity_categories=(),
        categories=(),
        booleans=(),
        conditions=(),
        rules={
            kind: Rules(*(array("I") for _ in Rules._fields))
            for kind in ("allow", "auditallow", "dontaudit", "neverallow", "deny")
        },
        type_rules={
            kind: TypeRules(*(array("I") for _ in TypeRules._fields))
            for kind in ("typetransition", "typemember", "typechange")
        },
    )
