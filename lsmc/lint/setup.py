"""Prepares lint from files: finds and reads the configuration and the baseline, and runs lint."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.files import StrPath, read_regular
from lsmc.base.gc import gc_paused
from lsmc.compiler.inputs import DiskFiles, Given, Options
from lsmc.lint.baseline import Baseline
from lsmc.lint.config import CONFIDENCES, NAMES, Config, config_of, table_of
from lsmc.lint.model import Check, Lint, P, SettingError
from lsmc.lint.run import Linter
from lsmc.lint.selection import Selection

#: Bytes of a configuration, and of a baseline.
_MAX_CONFIG = 1 << 20
_MAX_BASELINE = 1 << 26


def find_config(start: str, lint: Lint[Any]) -> Config:
    """The configuration of the nearest directory at or above `start`; `SettingError`.

    A `pyproject.toml` without `[tool.lsmc]` does not count.  The search ends at the root of a
    repository.  The file must belong to this user, to root, or to the owner of `start`.
    """
    folder = Path(start).resolve()
    trusted = {os.geteuid(), 0, folder.stat().st_uid} if folder.exists() else {os.geteuid(), 0}
    for above in (folder, *folder.parents):
        for name in NAMES:
            path = above / name
            if not path.is_file():
                continue
            table = table_of(_shown(path), _read(path, _MAX_CONFIG))
            if table is None:
                continue
            _check_owner(path, trusted)
            return _there(config_of(_shown(path), table, lint))
        if (above / ".git").exists():
            break
    return Config()


def _check_owner(path: Path, trusted: set[int]) -> None:
    """Refuse a configuration that belongs to somebody else; `SettingError`."""
    for found in (path.lstat(), path.stat()):
        if found.st_uid not in trusted:
            raise SettingError(
                f"{_shown(path)}: it belongs to another user ({found.st_uid}): "
                "name it with --config, or give --no-config"
            )


def read_config(path: str, lint: Lint[Any]) -> Config:
    """The configuration in a file; `SettingError`."""
    table = table_of(path, _read(Path(path), _MAX_CONFIG))
    if table is None:
        raise SettingError(f"{path}: has no table `[tool.lsmc]`")
    return _there(config_of(path, table, lint))


def read_baseline(path: str) -> Baseline:
    """The baseline in a file; `SettingError`."""
    return Baseline.parse(path, _read(Path(path), _MAX_BASELINE))


def start_of(paths: tuple[str, ...]) -> str:
    """Where the search for configuration begins: the common directory of all paths."""
    folders = [
        os.path.realpath(path if Path(path).is_dir() else Path(path).parent) for path in paths
    ]
    return os.path.commonpath(folders) if folders else "."


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything that decides a run: the configuration, and the options of the caller."""

    config: Config = field(default_factory=Config)
    select: tuple[str, ...] | None = None
    extend: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    min_confidence: str | None = None

    def selected(self, lint: Lint[P]) -> list[Check[P]]:
        """The checks to run; the caller's options override the configuration; `SettingError`."""
        config = self.config
        where = f"{config.path}: " if config.path else ""
        Selection(
            lint.names,
            lint.errors,
            select=config.select,
            extend=config.extend_select,
            ignore=config.ignore,
            where=where,
        )
        selection = Selection(
            lint.names,
            lint.errors,
            select=self.select if self.select is not None else config.select,
            extend=(*config.extend_select, *self.extend),
            ignore=(*config.ignore, *self.ignore),
        )
        least = CONFIDENCES.index(self.min_confidence or config.min_confidence or "low")
        return [
            check
            for check in lint.checks.values()
            if selection.takes(check) and CONFIDENCES.index(check.confidence) >= least
        ]

    def options(self, given: Given) -> Options:
        """How policy is read; what the caller says overrides the configuration."""
        config = self.config
        return given._replace(
            base=given.base if given.base is not None else config.base,
            include=(*given.include, *config.include),
            features=given.features if given.features is not None else config.features,
            variables={**config.variables, **(given.variables or {})},
            target=given.target if given.target is not None else config.target,
        ).options()


@gc_paused()
def check_paths(
    lint: Lint[P],
    paths: Iterable[StrPath],
    given: Given,
    *,
    jobs: int | None,
    select: Iterable[str] | None,
    ignore: Iterable[str],
    config: StrPath | None,
    included: bool,
) -> list[Diagnostic]:
    """The findings of one run for the public API; ValueError for wrong settings."""
    setup = Setup(
        Config() if config is None else read_config(str(config), lint),
        None if select is None else tuple(select),
        (),
        tuple(ignore),
    )
    selected = setup.selected(lint)
    options = setup.options(given)
    read = lint.reader(options, DiskFiles(lint.max_source), None)
    baseline = None
    if setup.config.baseline is not None:
        baseline = read_baseline(setup.config.baseline)
    processes = jobs or os.cpu_count() or 1
    linter = Linter(
        read=read,
        selected=selected,
        module=lint,
        config=setup.config,
        jobs=processes,
        included=included,
    )
    result = linter.lint(paths, baseline)
    return [*result.findings, *result.faults]


def _there(config: Config) -> Config:
    """The configuration, after checking that its directories exist."""
    for key, folders in (("base", (config.base,)), ("include", config.include)):
        for folder in folders:
            if folder is not None and not Path(folder).is_dir():
                raise SettingError(f"{config.path}: {key}: `{folder}` is not a directory")
    return config


def _read(path: Path, most: int) -> bytes:
    try:
        return read_regular(path, most)[0]
    except OSError as fault:
        reason = (fault.strerror or str(fault)).lower()
        raise SettingError(f"cannot read `{path}`: {reason}") from None


def _shown(path: Path) -> str:
    """A path as it is shown: relative to the current directory, if it lies below."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
