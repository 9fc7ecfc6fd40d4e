"""AppArmor as a security module: the one file that says which of its functions do what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from lsmc.modules.apparmor.classes import MODULE
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.installed import INSTALLED
from lsmc.modules.interface import Request, SecurityModule

if TYPE_CHECKING:
    from lsmc.analysis.change import Change
    from lsmc.analysis.graph import Graph
    from lsmc.analysis.semantics import Semantics
    from lsmc.base.diagnostics import Diagnostic
    from lsmc.compiler.cache.store import Compile
    from lsmc.compiler.inputs import Options
    from lsmc.engine.permissions import Permissions
    from lsmc.engine.verdict import Verdict
    from lsmc.explain.abilities import Abilities
    from lsmc.explain.explanation import Explanation
    from lsmc.explain.learning import Learner, LearningRequest
    from lsmc.ir.model import Policy
    from lsmc.ir.operation import Operation
    from lsmc.lint.model import Lint
    from lsmc.modules.apparmor.lint.tree import Tree
    from lsmc.modules.editing import Editing
    from lsmc.modules.formatter import Formatter
    from lsmc.modules.parts import Loading, Logs, Render, Tests
    from lsmc.stack.calls import Hooks


def _claims(paths: Sequence[str]) -> bool:
    """Whatever no other module claims is AppArmor's."""
    del paths
    return True


def _check_options(options: Options) -> None:
    from lsmc.modules.apparmor.releases import release_named

    if options.target is not None:
        release_named(options.target)


def _compiler() -> Compile:
    from lsmc.modules.apparmor.build.cached import compile_paths

    return compile_paths


def _compile_text(text: bytes, name: str, options: Options) -> tuple[bytes, list[Diagnostic]]:
    from lsmc.modules.apparmor.build.driver import compile_source

    return compile_source(text, name, options)


def _open(data: bytes | memoryview, name: str, enforce: bool) -> Engine:
    return Engine(data, name, enforce=enforce)


def _answer(engine: Engine, request: Request) -> Verdict:
    from lsmc.modules.apparmor.decide.batch import answer

    return answer(engine, request)


def _answers(
    engine: Engine, requests: Iterable[Request], other: Callable[[Request], Verdict]
) -> Iterator[Verdict]:
    from lsmc.modules.apparmor.decide.batch import answers

    return answers(engine, requests, other)


def _permissions(
    engine: Engine, subject: str, cls: str, obj: str, fields: Mapping[str, object]
) -> Permissions:
    from lsmc.modules.apparmor.decide.access_vector import permissions

    return permissions(engine, subject, cls, obj, fields)


def _explain(engine: Engine, request: Request) -> Explanation:
    from lsmc.modules.apparmor.explain.reasons import explain

    return explain(engine, request)


def _diff(old: Engine, new: Engine) -> list[Change]:
    from lsmc.modules.apparmor.analysis.diff import diff

    return diff(old, new)


def _operations() -> Sequence[Operation]:
    from lsmc.modules.apparmor.operations import OPERATIONS

    return OPERATIONS


def _lint() -> Lint[Tree]:
    from lsmc.modules.apparmor.lint.linter import LINT

    return LINT


def _logs() -> Logs:
    from lsmc.modules.apparmor.logs import LOGS

    return LOGS


def _learn(engine: Engine, options: Options, wanted: LearningRequest) -> Learner:
    from lsmc.modules.apparmor.learn.learner import ProfileLearner

    return ProfileLearner(engine, options, wanted)


def _kernel_format() -> Render:
    from lsmc.modules.apparmor.kernel.render import render
    from lsmc.modules.parts import POLICY_ALONE

    return lambda paths, options, jobs, cache: render(paths, options, jobs, POLICY_ALONE, cache)


def _loading() -> Loading:
    from lsmc.modules.apparmor.kernel.compiled import is_compiled
    from lsmc.modules.apparmor.kernel.loading import held, parts, removed, send
    from lsmc.modules.apparmor.kernel.policy_cache import policy_cache, purge
    from lsmc.modules.apparmor.kernel.render import render
    from lsmc.modules.apparmor.kernel.sources import modified
    from lsmc.modules.parts import Loading

    return Loading(
        render=render,
        compiled=is_compiled,
        parts=parts,
        send=send,
        removed=removed,
        held=held,
        cache=policy_cache,
        purge=purge,
        modified=modified,
    )


def _semantics() -> Semantics:
    from lsmc.modules.apparmor.analysis.semantics import SEMANTICS

    return SEMANTICS


def _tests() -> Tests:
    from lsmc.modules.apparmor.analysis.policy_tests import TESTS

    return TESTS


def _syntax(path: str, data: bytes) -> bytes:
    from lsmc.base.diagnostics import PolicyError
    from lsmc.base.source import Source
    from lsmc.modules.apparmor.syntax.parser import parse
    from lsmc.modules.apparmor.syntax.printer import format_file

    tree, faults = parse(Source.from_bytes(path, data))
    if faults:
        raise PolicyError(faults)
    return format_file(tree).encode("latin-1")


def _ir(paths: Sequence[str], options: Options) -> Policy:
    from lsmc.modules.apparmor.build.driver import read_policy

    return read_policy(paths, options)


def _abilities(engine: Engine, subject: str, classes: Sequence[str]) -> Abilities:
    from lsmc.modules.apparmor.analysis.abilities import abilities

    return abilities(engine, subject, classes)


def _graph(engine: Engine) -> Graph:
    from lsmc.modules.apparmor.graph.graph import ProfileGraph

    return ProfileGraph(engine)


def _formatter(options: Options) -> Formatter:
    from lsmc.modules.apparmor.formatting import ProfileFormatter

    return ProfileFormatter(options)


def _editing() -> Editing:
    from lsmc.modules.apparmor.editing.editing import EDITING

    return EDITING


def _hooks() -> Hooks:
    from lsmc.modules.apparmor.requests.hooks import calls

    return calls


APPARMOR = SecurityModule(
    name=MODULE,
    title="AppArmor",
    claims=_claims,
    installed=INSTALLED,
    check_options=_check_options,
    compiler=_compiler,
    compile_text=_compile_text,
    open=_open,
    hooks=_hooks,
    answer=_answer,
    answers=_answers,
    permissions=_permissions,
    explain=_explain,
    diff=_diff,
    operations=_operations,
    lint=_lint,
    logs=_logs,
    loading=_loading,
    formats={"kernel": _kernel_format},
    abilities=_abilities,
    graph=_graph,
    formatter=_formatter,
    semantics=_semantics,
    tests=_tests,
    syntax=_syntax,
    ir=_ir,
    learn=_learn,
    editing=_editing,
)
