"""KubeArmor as a security module: the one file that says which of its functions do what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from lsmc.modules.interface import Request, SecurityModule
from lsmc.modules.kubearmor.files import MAX_SOURCE, claims, find_files
from lsmc.modules.kubearmor.names import MODULE

if TYPE_CHECKING:
    from lsmc.analysis.change import Change
    from lsmc.base.diagnostics import Diagnostic
    from lsmc.compiler.cache.store import Compile
    from lsmc.compiler.inputs import Options
    from lsmc.engine.permissions import Permissions
    from lsmc.engine.verdict import Verdict
    from lsmc.explain.abilities import Abilities
    from lsmc.explain.explanation import Explanation
    from lsmc.ir.operation import Operation
    from lsmc.lint.model import Lint
    from lsmc.modules.editing import Editing
    from lsmc.modules.kubearmor.engine import Engine
    from lsmc.modules.kubearmor.lint.tree import Tree
    from lsmc.modules.parts import Logs, Render, Search
    from lsmc.tables.records import Place


def _compiler() -> Compile:
    from lsmc.compiler.whole import compile_whole
    from lsmc.modules.kubearmor.compile import compile_sources

    return compile_whole(compile_sources, find_files, MAX_SOURCE)


def _compile_text(text: bytes, name: str, options: Options) -> tuple[bytes, list[Diagnostic]]:
    from lsmc.base.source import Source
    from lsmc.modules.kubearmor.compile import compile_sources

    return compile_sources([Source.from_bytes(name, text)], options)


def _open(data: bytes | memoryview, name: str, enforce: bool) -> Engine:
    from lsmc.modules.kubearmor.engine import Engine

    del name, enforce  # no policy of KubeArmor only logs what it would refuse
    return Engine(data)


def _answer(engine: Engine, request: Request) -> Verdict:
    from lsmc.modules.kubearmor.evaluate import answer

    return answer(engine.confinements, request)


def _explain(engine: Engine, request: Request) -> Explanation:
    from lsmc.modules.kubearmor.explain import explain

    return explain(engine.confinements, request)


def _diff(old: Engine, new: Engine) -> list[Change]:
    from lsmc.modules.kubearmor.diff import diff

    return diff(old, new)


def _operations() -> Sequence[Operation]:
    from lsmc.modules.kubearmor.operations import OPERATIONS

    return OPERATIONS


def _permissions(
    engine: Engine, subject: str, cls: str, obj: str, fields: Mapping[str, object]
) -> Permissions:
    from lsmc.modules.kubearmor.permissions import permissions

    return permissions(engine.confinements, subject, cls, obj, fields)


def _abilities(engine: Engine, subject: str, classes: Sequence[str]) -> Abilities:
    from lsmc.modules.kubearmor.abilities import abilities

    return abilities(engine, subject, classes)


def _rules(engine: Engine) -> Iterable[Place]:
    from lsmc.modules.kubearmor.abilities import written

    return written(engine)


def _logs() -> Logs:
    from lsmc.modules.kubearmor.log.form import FORMAT
    from lsmc.modules.kubearmor.log.grouping import GROUPING
    from lsmc.modules.kubearmor.log.questions import QUESTIONS
    from lsmc.modules.kubearmor.remedies import explained, patched
    from lsmc.modules.parts import Logs

    return Logs(
        form=lambda: FORMAT,
        grouping=lambda: GROUPING,
        questions=lambda: QUESTIONS,
        remedies=lambda _engine, _options: explained,
        patched=patched,
    )


def _searches(engine: Engine) -> Search:
    from lsmc.modules.kubearmor.search import search

    return search(engine)


def _editing() -> Editing:
    from lsmc.modules.kubearmor.editing import EDITING

    return EDITING


def _lint() -> Lint[Tree]:
    from lsmc.modules.kubearmor.lint.linter import LINT

    return LINT


def _apparmor() -> Render:
    from lsmc.modules.kubearmor.compile import render_apparmor

    return render_apparmor


KUBEARMOR = SecurityModule(
    name=MODULE,
    title="KubeArmor",
    claims=claims,
    compiler=_compiler,
    compile_text=_compile_text,
    open=_open,
    answer=_answer,
    explain=_explain,
    diff=_diff,
    operations=_operations,
    find_files=find_files,
    settings=("posture", "name"),
    lint=_lint,
    editing=_editing,
    logs=_logs,
    abilities=_abilities,
    permissions=_permissions,
    rules=_rules,
    searches=_searches,
    formats={"apparmor": _apparmor},
)
