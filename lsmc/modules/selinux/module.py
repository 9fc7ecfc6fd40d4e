"""SELinux as a security module: the one file that says which of its functions do what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from lsmc.modules.interface import SecurityModule
from lsmc.modules.selinux.settings import MAX_SOURCE, NO_NEVERALLOW

if TYPE_CHECKING:
    from lsmc.analysis.change import Change
    from lsmc.analysis.graph import Graph
    from lsmc.base.diagnostics import Diagnostic
    from lsmc.base.files import StrPath
    from lsmc.compiler.cache.store import Compile
    from lsmc.compiler.inputs import DiskFiles, Options
    from lsmc.engine.permissions import Permissions
    from lsmc.engine.verdict import Verdict
    from lsmc.explain.abilities import Abilities
    from lsmc.explain.explanation import Explanation
    from lsmc.explain.learning import Learner, LearningRequest
    from lsmc.ir.operation import Operation
    from lsmc.lint.model import Lint
    from lsmc.modules.editing import Editing
    from lsmc.modules.formatter import Formatter
    from lsmc.modules.interface import Request
    from lsmc.modules.parts import Labels, Logs
    from lsmc.modules.selinux.engine import Engine
    from lsmc.modules.selinux.lint.tree import Tree
    from lsmc.stack.calls import Hooks
    from lsmc.tables.records import Place


def claims(paths: Sequence[str]) -> bool:
    """Whether some paths are policy of this module."""
    from lsmc.modules.selinux.files import claims as claimed

    return claimed(paths)


def find_files(paths: Iterable[StrPath], disk: DiskFiles) -> tuple[list[str], list[str]]:
    """The policy files that some paths name, and the missing paths."""
    from lsmc.modules.selinux.files import find_files as found

    return found(paths, disk)


def compiler() -> Compile:
    """What compiles policy files to a bundle."""
    from lsmc.compiler.whole import compile_revising
    from lsmc.modules.selinux.kept import compile_kept, revise

    return compile_revising(compile_kept, revise, find_files, MAX_SOURCE)


def compile_text(text: bytes, name: str, options: Options) -> tuple[bytes, list[Diagnostic]]:
    """Compile one text to a bundle; raises `PolicyError`."""
    from lsmc.base.source import Source
    from lsmc.modules.selinux.compile import compile_sources

    return compile_sources([Source.from_bytes(name, text)], options)


def operations() -> Sequence[Operation]:
    """What the kernel asks about: each permission of each class, `CLASS:PERMISSION`."""
    from lsmc.ir.operation import Operation
    from lsmc.modules.selinux.kernel_classes import CLASSES

    return [
        Operation(f"{cls}:{permission}", cls, (permission,), "", (permission,))
        for cls, permissions in CLASSES.items()
        for permission in permissions
    ]


def open_bundle(data: bytes | memoryview, name: str, enforce: bool) -> Engine:
    """Open a bundle; raises `BundleError`."""
    from lsmc.modules.selinux.engine import Engine

    return Engine(data, name, enforce=enforce)


def answer(engine: Engine, request: Request) -> Verdict:
    """The verdict of one request; raises as `Engine.answer`."""
    return engine.batch.answer(request)


def answers(
    engine: Engine, requests: Iterable[Request], other: Callable[[Request], Verdict]
) -> Iterator[Verdict]:
    """The verdicts of many requests, in order."""
    return engine.batch.answers(requests, other)


def permissions(
    engine: Engine, subject: str, cls: str, obj: str, fields: Mapping[str, object]
) -> Permissions:
    """All that a subject may do to an object; raises as `Engine.permissions`."""
    return engine.permissions(subject, cls, obj, fields)


def diff(old: Engine, new: Engine) -> list[Change]:
    """What two policies decide differently."""
    from lsmc.modules.selinux.diff.compare import diff as compare

    return compare(old, new)


def abilities(engine: Engine, subject: str, classes: Sequence[str]) -> Abilities:
    """All that a type may do; `UnknownName`."""
    from lsmc.modules.selinux.analysis.abilities import abilities as found

    return found(engine, subject, classes)


def graph(engine: Engine) -> Graph:
    """The transitions between domains."""
    from lsmc.modules.selinux.analysis.graph import DomainGraph

    return DomainGraph(engine)


def objects(engine: Engine, op: str) -> Sequence[str]:
    """The types that questions with an operation may have as objects; `UnknownName`."""
    from lsmc.modules.selinux.questions import access

    access(op, engine.tables.names)
    return engine.subjects


def rules(engine: Engine) -> Iterable[Place]:
    """The written access rules."""
    from lsmc.modules.selinux.analysis.written import written_rules

    return written_rules(engine)


def labels() -> Labels:
    """How it labels objects."""
    from lsmc.modules.parts import Labels

    return Labels(
        label=lambda engine, *words: engine.labels.label(*words),
        file_label=lambda engine, path, kind: engine.labels.file_label(path, kind),
        validate_transition=lambda engine, *words: engine.labels.validate_transition(*words),
    )


def explain(engine: Engine, request: Request) -> Explanation:
    """The verdict of a request with its reasons; raises as `answer`."""
    from lsmc.modules.selinux.explain.explain import explain

    return explain(engine, request)


def lint() -> Lint[Tree]:
    """What it gives to lint."""
    from lsmc.modules.selinux.lint.linter import LINT

    return LINT


def learn(engine: Engine, _options: Options, wanted: LearningRequest) -> Learner:
    """What learns policy from records."""
    from lsmc.modules.selinux.learn import RuleLearner

    return RuleLearner(engine, wanted)


def logs() -> Logs:
    """What it makes of logs."""
    from lsmc.modules.parts import Logs
    from lsmc.modules.selinux.log.form import FORMAT
    from lsmc.modules.selinux.log.grouping import GROUPING
    from lsmc.modules.selinux.log.questions import QUESTIONS
    from lsmc.modules.selinux.log.remedies import explained, patched

    return Logs(
        form=lambda: FORMAT,
        grouping=lambda: GROUPING,
        questions=lambda: QUESTIONS,
        remedies=lambda _engine, _options: explained,
        patched=lambda remedies, _options: patched(remedies),
    )


def editing() -> Editing:
    """What an editor asks."""
    from lsmc.modules.selinux.editing import EDITING

    return EDITING


def formatter(options: Options) -> Formatter:
    """The formatter of CIL files."""
    from lsmc.modules.selinux.formatting import CilFormatter

    return CilFormatter(options)


def syntax(path: str, data: bytes) -> bytes:
    """The statements of a CIL file in good layout, without comments; raises `PolicyError`."""
    from lsmc.base.diagnostics import PolicyError
    from lsmc.base.source import Source
    from lsmc.modules.selinux.package import unpacked
    from lsmc.modules.selinux.syntax.layout import layout
    from lsmc.modules.selinux.syntax.reader import Reader

    (source,) = unpacked([Source.from_bytes(path, data)])
    reader = Reader()
    reader.read(source, 0)
    if reader.errors:
        raise PolicyError(reader.errors)
    return layout(source.text, comments=False).encode("latin-1")


def _hooks() -> Hooks:
    from lsmc.modules.selinux.hooks import calls

    return calls


SELINUX = SecurityModule(
    name="selinux",
    title="SELinux",
    claims=claims,
    compiler=compiler,
    compile_text=compile_text,
    open=open_bundle,
    hooks=_hooks,
    answer=answer,
    explain=explain,
    diff=diff,
    operations=operations,
    find_files=find_files,
    settings=(NO_NEVERALLOW,),
    installed=("var/lib/selinux/*/active/modules", "usr/share/selinux/*"),
    answers=answers,
    permissions=permissions,
    abilities=abilities,
    graph=graph,
    labels=labels,
    logs=logs,
    objects=objects,
    rules=rules,
    lint=lint,
    learn=learn,
    formatter=formatter,
    editing=editing,
    languages=("cil",),
    syntax=syntax,
)
