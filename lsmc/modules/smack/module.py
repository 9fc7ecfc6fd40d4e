"""Smack as a security module: the one file that says which of its functions do what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from lsmc.modules.interface import Request, SecurityModule
from lsmc.modules.smack.files import claims, find_files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
    from lsmc.modules.formatter import Formatter
    from lsmc.modules.parts import Labels, Logs
    from lsmc.modules.smack.answer import Engine
    from lsmc.modules.smack.lint.tree import Tree
    from lsmc.stack.calls import Hooks
    from lsmc.tables.records import Place


def _compiler() -> Compile:
    from lsmc.compiler.whole import compile_whole
    from lsmc.modules.smack.compile import compile_sources

    return compile_whole(compile_sources, find_files)


def _compile_text(text: bytes, name: str, options: Options) -> tuple[bytes, list[Diagnostic]]:
    from lsmc.base.source import Source
    from lsmc.modules.smack.compile import compile_sources

    return compile_sources([Source.from_bytes(name, text)], options)


def _open(data: bytes | memoryview, name: str, enforce: bool) -> Engine:
    from lsmc.modules.smack.answer import Engine

    del name
    return Engine(data, enforce=enforce)


def _answer(engine: Engine, request: Request) -> Verdict:
    from lsmc.modules.smack.answer import answer

    return answer(engine, request)


def _answers(
    engine: Engine, requests: Iterable[Request], other: Callable[[Request], Verdict]
) -> Iterator[Verdict]:
    from lsmc.modules.smack.answer import answers

    return answers(engine, requests, other)


def _explain(engine: Engine, request: Request) -> Explanation:
    from lsmc.modules.smack.explain import explain

    return explain(engine, request)


def _diff(old: Engine, new: Engine) -> list[Change]:
    from lsmc.modules.smack.diff import diff

    return diff(old, new)


def _abilities(engine: Engine, subject: str, classes: Sequence[str]) -> Abilities:
    from lsmc.modules.smack.abilities import abilities

    return abilities(engine, subject, classes)


def _permissions(
    engine: Engine, subject: str, cls: str, obj: str, fields: Mapping[str, object]
) -> Permissions:
    from lsmc.modules.smack.abilities import permissions

    return permissions(engine, subject, cls, obj, fields)


def _logs() -> Logs:
    from lsmc.modules.parts import Logs
    from lsmc.modules.smack.log.form import FORMAT
    from lsmc.modules.smack.log.grouping import GROUPING
    from lsmc.modules.smack.log.questions import QUESTIONS
    from lsmc.modules.smack.remedies import explained, patched

    return Logs(
        form=lambda: FORMAT,
        grouping=lambda: GROUPING,
        questions=lambda: QUESTIONS,
        remedies=lambda engine, _options: explained(engine),
        patched=patched,
    )


def _lint() -> Lint[Tree]:
    from lsmc.modules.smack.lint.linter import LINT

    return LINT


def _editing() -> Editing:
    from lsmc.modules.smack.editing import EDITING

    return EDITING


def _formatter(options: Options) -> Formatter:
    from lsmc.modules.smack.formatting import RowFormatter

    return RowFormatter(options)


def _objects(engine: Engine, op: str) -> Sequence[str]:
    from lsmc.modules.smack.abilities import objects

    return objects(engine, op)


def _rules(engine: Engine) -> Iterable[Place]:
    from lsmc.modules.smack.abilities import rules

    return rules(engine)


def _operations() -> Sequence[Operation]:
    from lsmc.modules.smack.operations import OPERATIONS

    return OPERATIONS


def _labels() -> Labels:
    from lsmc.modules.parts import Labels
    from lsmc.modules.smack.new_labels import file_label, label, validate_transition

    return Labels(label=label, file_label=file_label, validate_transition=validate_transition)


def _hooks() -> Hooks:
    from lsmc.modules.smack.hooks import calls

    return calls


SMACK = SecurityModule(
    name="smack",
    title="Smack",
    claims=claims,
    find_files=find_files,
    compiler=_compiler,
    compile_text=_compile_text,
    open=_open,
    hooks=_hooks,
    labels=_labels,
    answer=_answer,
    answers=_answers,
    explain=_explain,
    diff=_diff,
    permissions=_permissions,
    abilities=_abilities,
    objects=_objects,
    rules=_rules,
    logs=_logs,
    lint=_lint,
    formatter=_formatter,
    editing=_editing,
    operations=_operations,
    installed=("etc/smack",),
)
