"""Finding and reading the configuration of lint, and its baseline."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from lsmc.checker.baseline import Baseline
from lsmc.checker.config import NAMES, Config, config_of, table_of
from lsmc.checker.model import Check, SettingError
from lsmc.inputs import DiskFiles


def find_config(start: str, known: Mapping[str, str], checks: Mapping[str, Check]) -> Config:
    """The configuration of the nearest directory at or above `start`; `SettingError`.

    A `pyproject.toml` without `[tool.lsmc]` does not count.
    """
    folder = Path(start).resolve()
    for above in (folder, *folder.parents):
        for name in NAMES:
            path = above / name
            if not path.is_file():
                continue
            table = table_of(_shown(path), _read(path))
            if table is not None:
                return config_of(_shown(path), table, known, checks)
    return Config()


def read_config(path: str, known: Mapping[str, str], checks: Mapping[str, Check]) -> Config:
    """The configuration in a file; `SettingError`."""
    table = table_of(path, _read(Path(path)))
    if table is None:
        raise SettingError(f"{path}: has no table `[tool.lsmc]`")
    return config_of(path, table, known, checks)


def read_baseline(path: str) -> Baseline:
    """The baseline in a file; `SettingError`."""
    return Baseline.parse(path, _read(Path(path)))


def start_of(paths: tuple[str, ...]) -> str:
    """Where the search for configuration begins: the directory that all paths have in common."""
    folders = [
        os.path.realpath(path if Path(path).is_dir() else Path(path).parent) for path in paths
    ]
    return os.path.commonpath(folders) if folders else "."


def _read(path: Path) -> bytes:
    try:
        return DiskFiles().read(str(path))
    except OSError as fault:
        reason = (fault.strerror or str(fault)).lower()
        raise SettingError(f"cannot read `{path}`: {reason}") from None


def _shown(path: Path) -> str:
    """A path as it is shown: relative to where we are, if it lies below."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
