"""Judges a document as `lsmc lint` does: its module, how its policy is read, and what is found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.gc import gc_paused
from lsmc.compiler.inputs import DiskFiles, Options
from lsmc.lint.model import Check, Lint, Reread
from lsmc.lint.run import Linter
from lsmc.lint.setup import Setup, find_config, read_config
from lsmc.modules.interface import SecurityModule
from lsmc.modules.registry import MODULES, module_named, module_of
from lsmc.server.desk import Pause
from lsmc.server.documents import Document
from lsmc.server.settings import Settings

#: What editors call the languages of a module, beside its name.
_LANGUAGES = {"cil": "selinux"}


@dataclass(frozen=True, slots=True)
class Ground:
    """What a document is judged by: its module, and how the policy around it is read."""

    module: SecurityModule
    lint: Lint[Any]
    setup: Setup
    options: Options


@dataclass(frozen=True, slots=True)
class Judgement:
    """The findings about a document, those in other files too, and what failed in lsmc."""

    path: str
    ground: Ground
    findings: tuple[Diagnostic, ...]
    faults: tuple[Diagnostic, ...] = ()


class Judge:
    """Judges documents again and again; what did not change is kept."""

    def __init__(self) -> None:
        self._readers: dict[tuple[str, Options], Reread[Any]] = {}

    def ground(self, document: Document, settings: Settings, files: DiskFiles) -> Ground:
        """What a document is judged by; `SettingError`, `UnknownName` for wrong settings."""
        module = _module(document, settings)
        assert module.lint is not None  # each module with text has checks
        lint = module.lint()
        if settings.config is not None:
            config = read_config(settings.config, lint)
        else:
            config = find_config(str(Path(document.path).parent), lint)
        setup = settings.setup(Setup(config))
        base = config.base
        if base is None and module.editing is not None:
            base = module.editing().base(document.path, files)
        options = setup.options(settings.given(base))
        return Ground(module, lint, setup, options)

    def judge(
        self, document: Document, ground: Ground, files: DiskFiles, pause: Pause
    ) -> Judgement:
        """What lint finds in a document; `pause` is called between its steps.

        `SettingError` for a wrong setting.
        """
        files.limit = ground.lint.max_source
        checks = [_pausing(check, pause) for check in ground.setup.selected(ground.lint)]
        linter = Linter(
            read=self._read(ground, files),
            selected=checks,
            module=ground.lint,
            config=ground.setup.config,
            included=False,
        )
        with gc_paused():
            result = linter.lint([document.path])
        return Judgement(document.path, ground, tuple(result.findings), tuple(result.faults))

    def _read(self, ground: Ground, files: DiskFiles) -> Any:
        key = ground.module.name, ground.options
        if key not in self._readers:
            self._readers[key] = ground.lint.rereading(ground.options)
        reread = self._readers[key]

        def read(
            paths: Sequence[str], settings: Mapping[str, Any], jobs: int
        ) -> tuple[Any, Sequence[Diagnostic]]:
            del jobs
            return reread(files, paths, settings)

        return read


def _module(document: Document, settings: Settings) -> SecurityModule:
    language = _LANGUAGES.get(document.language, document.language)
    if settings.module is not None:
        return module_named(settings.module)
    if language in MODULES:
        return module_named(language)
    return module_of([document.path])


def _pausing(check: Check[Any], pause: Pause) -> Check[Any]:
    """A check that pauses before it runs."""

    def run(policy: Any) -> Iterator[Diagnostic]:
        pause()
        yield from check.run(policy)

    return replace(check, run=run)
