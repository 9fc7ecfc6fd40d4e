"""Judges a document as `lsmc lint` does: its module, how its policy is read, and what is found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.gc import gc_paused
from lsmc.compiler.inputs import DiskFiles, Options, OverlaidFiles, may_be_policy
from lsmc.lint.fixes import Fixed, Fixer
from lsmc.lint.model import Check, Lint, Reread, SettingError
from lsmc.lint.run import Linter, Result
from lsmc.lint.setup import Setup, find_config, read_baseline, read_config
from lsmc.modules.editing import Editing, Scope
from lsmc.modules.interface import SecurityModule
from lsmc.modules.registry import DEFAULT, module_named, module_of, module_of_language
from lsmc.server.desk import Pause
from lsmc.server.documents import Document
from lsmc.server.settings import Settings


@dataclass(frozen=True, slots=True)
class Ground:
    """What a document is judged by: its module, and how the policy around it is read."""

    module: SecurityModule
    lint: Lint[Any]
    editing: Editing
    setup: Setup
    options: Options
    reread: Reread[Any]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The findings about a document, those in other files too, and what failed in lsmc.

    `read` are the paths of all texts that took part.
    """

    findings: tuple[Diagnostic, ...]
    faults: tuple[Diagnostic, ...]
    read: frozenset[str]


class Judge:
    """Judges documents again and again; what did not change is kept."""

    def __init__(self) -> None:
        self._rereaders: dict[tuple[str, Options], Reread[Any]] = {}

    def ground(self, document: Document, settings: Settings, files: DiskFiles) -> Ground:
        """What a document is judged by; `SettingError`, `UnknownName` for wrong settings."""
        module = _module(document, settings)
        assert module.lint is not None  # each module has checks
        lint = module.lint()
        editing = module.editing() if module.editing is not None else Editing()
        if settings.config is not None:
            config = read_config(settings.config, lint)
        else:
            config = find_config(str(Path(document.path).parent), lint)
        base = config.base
        if base is None and editing.base is not None:
            base = editing.base(document.path, files)
        setup = settings.setup(Setup(config))
        options = setup.options(settings.given(base))
        if options.target is not None and module.check_options is not None:
            try:
                module.check_options(options)
            except ValueError as fault:
                raise SettingError(str(fault)) from None
        key = module.name, options
        if key not in self._rereaders:
            self._rereaders[key] = lint.rereading(options)
        return Ground(module, lint, editing, setup, options, self._rereaders[key])

    def judge(
        self, document: Document, ground: Ground, files: DiskFiles, scope: Scope, pause: Pause
    ) -> Judgement:
        """What lint finds in a document within a scope; `pause` is called between its steps.

        `SettingError` for a wrong setting.
        """
        result = self._lint(document.path, ground, files, scope, pause)
        read = frozenset(source.path for source in result.policy.sources)
        return Judgement(tuple(result.findings), tuple(result.faults), read)

    def fixed(
        self, document: Document, ground: Ground, files: DiskFiles, scope: Scope
    ) -> Fixed[Any]:
        """A document with all safe fixes, as `lsmc lint --fix` makes them."""
        fixer = Fixer(
            lambda changed: self._lint(document.path, ground, changed, scope, lambda: None),
            lambda _, path: path == document.path,
            ground.lint.changes,
            files,
        )
        return fixer.fix(unsafe=False)

    def _lint(
        self, path: str, ground: Ground, files: DiskFiles, scope: Scope, pause: Pause
    ) -> Result[Any]:
        if scope.texts:
            files = OverlaidFiles(scope.texts, files)
        checks = [_pausing(check, pause) for check in ground.setup.selected(ground.lint)]
        linter = Linter(
            read=_reading(ground.reread, files),
            selected=checks,
            module=ground.lint,
            config=ground.setup.config,
            included=path not in scope.paths,
        )
        baseline = ground.setup.config.baseline
        with gc_paused():
            result = linter.lint(scope.paths, read_baseline(baseline) if baseline else None)
        result.findings = [
            one
            for one in result.findings
            if one.file not in scope.texts
            and (one.severity == "error" or one.file == path or one.file is None)
        ]
        return result


def _reading(reread: Reread[Any], files: DiskFiles) -> Any:
    def read(
        paths: Sequence[str], settings: Mapping[str, Any], jobs: int
    ) -> tuple[Any, Sequence[Diagnostic]]:
        del jobs
        return reread(files, paths, settings)

    return read


def is_policy(document: Document, settings: Settings) -> bool:
    """Whether a document is policy: its language says so, or a module claims it by more than habit.

    AppArmor claims what no other module does; tests and the like beside profiles are none.
    """
    named = settings.module is not None or module_of_language(document.language) is not None
    if named or may_be_policy(PurePath(document.path).name):
        return True
    return module_of([document.path]).name != DEFAULT


def _module(document: Document, settings: Settings) -> SecurityModule:
    if settings.module is not None:
        return module_named(settings.module)
    return module_of_language(document.language) or module_of([document.path])


def _pausing(check: Check[Any], pause: Pause) -> Check[Any]:
    """A check that pauses before it runs."""

    def run(policy: Any) -> Iterator[Diagnostic]:
        pause()
        yield from check.run(policy)

    return replace(check, run=run)
