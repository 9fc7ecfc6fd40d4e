"""TOMOYO as a security module: the one file that says which of its functions do what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsmc.modules.interface import Request, SecurityModule
from lsmc.modules.tomoyo.files import claims, find_files
from lsmc.modules.tomoyo.vocabulary import MODULE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lsmc.analysis.change import Change
    from lsmc.analysis.graph import Graph
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
    from lsmc.modules.formatter import Formatter
    from lsmc.modules.parts import Logs, Search
    from lsmc.modules.tomoyo.engine import TomoyoEngine
    from lsmc.modules.tomoyo.lint.tree import Tree
    from lsmc.stack.calls import Hooks
    from lsmc.tables.records import Place


def _compiler() -> Compile:
    from lsmc.compiler.whole import compile_whole
    from lsmc.modules.tomoyo.compile import compile_sources

    return compile_whole(compile_sources, find_files)


def _compile_text(text: bytes, name: str, options: Options) -> tuple[bytes, list[Diagnostic]]:
    from lsmc.base.source import Source
    from lsmc.modules.tomoyo.compile import compile_sources

    return compile_sources([Source.from_bytes(name, text)], options)


def _open(data: bytes | memoryview, name: str, enforce: bool) -> TomoyoEngine:
    from lsmc.modules.tomoyo.engine import TomoyoEngine

    return TomoyoEngine(data, name, enforce=enforce)


def _answer(engine: TomoyoEngine, request: Request) -> Verdict:
    from lsmc.modules.tomoyo.evaluate import answer

    return answer(engine, request)


def _explain(engine: TomoyoEngine, request: Request) -> Explanation:
    from lsmc.modules.tomoyo.explain import explain

    return explain(engine, request)


def _permissions(
    engine: TomoyoEngine, subject: str, cls: str, obj: str, fields: Mapping[str, object]
) -> Permissions:
    from lsmc.modules.tomoyo.abilities import permissions

    return permissions(engine, subject, cls, obj, fields)


def _abilities(engine: TomoyoEngine, subject: str, classes: Sequence[str]) -> Abilities:
    from lsmc.modules.tomoyo.abilities import abilities

    return abilities(engine, subject, classes)


def _rules(engine: TomoyoEngine) -> Iterable[Place]:
    from lsmc.modules.tomoyo.abilities import rules

    return rules(engine)


def _graph(engine: TomoyoEngine) -> Graph:
    from lsmc.modules.tomoyo.graph import DomainGraph

    return DomainGraph(engine)


def _searches(engine: TomoyoEngine) -> Search:
    from lsmc.modules.parts import Search
    from lsmc.modules.tomoyo.search import DomainSearch

    found = DomainSearch(engine)
    return Search(found.sought, found.witnesses)


def _diff(old: TomoyoEngine, new: TomoyoEngine) -> list[Change]:
    from lsmc.modules.tomoyo.diff import diff

    return diff(old, new)


def _logs() -> Logs:
    from lsmc.modules.parts import Logs
    from lsmc.modules.tomoyo.log.form import FORMAT
    from lsmc.modules.tomoyo.log.grouping import GROUPING
    from lsmc.modules.tomoyo.log.questions import QUESTIONS
    from lsmc.modules.tomoyo.remedies import explained, patched

    return Logs(
        form=lambda: FORMAT,
        grouping=lambda: GROUPING,
        questions=lambda: QUESTIONS,
        remedies=lambda _engine, _options: explained,
        patched=patched,
    )


def _lint() -> Lint[Tree]:
    from lsmc.modules.tomoyo.lint.linter import LINT

    return LINT


def _editing() -> Editing:
    from lsmc.modules.tomoyo.editing import EDITING

    return EDITING


def _formatter(options: Options) -> Formatter:
    from lsmc.modules.tomoyo.formatting import TomoyoFormatter

    return TomoyoFormatter(options)


def _syntax(path: str, data: bytes) -> bytes:
    from lsmc.modules.tomoyo.printing import printed

    return printed(path, data)


def _operations() -> Sequence[Operation]:
    from lsmc.modules.tomoyo.operations import OPERATIONS

    return OPERATIONS


def _executable(engine: TomoyoEngine, path: str) -> str:
    from lsmc.modules.tomoyo.hooks import domain_of

    return domain_of(engine.subjects, path)


def _hooks() -> Hooks:
    from lsmc.modules.tomoyo.hooks import calls

    return calls


TOMOYO = SecurityModule(
    name=MODULE,
    title="TOMOYO",
    claims=claims,
    find_files=find_files,
    compiler=_compiler,
    compile_text=_compile_text,
    open=_open,
    hooks=_hooks,
    executable=_executable,
    answer=_answer,
    explain=_explain,
    diff=_diff,
    operations=_operations,
    permissions=_permissions,
    abilities=_abilities,
    rules=_rules,
    graph=_graph,
    searches=_searches,
    logs=_logs,
    lint=_lint,
    formatter=_formatter,
    editing=_editing,
    syntax=_syntax,
    installed=("etc/tomoyo",),
)
