"""Linting small trees of policy that a test writes down."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lsmc.compiler.inputs import DiskFiles, Given
from lsmc.lint.config import Config
from lsmc.lint.run import Linter, Result
from lsmc.lint.setup import Setup, read_baseline, read_config
from lsmc.modules.apparmor.lint.linter import LINT
from lsmc.modules.apparmor.lint.tree import Tree
from tests.places import PROFILES

CHECKS = LINT.checks
KNOWN = LINT.names


def lint_files(
    folder: Path,
    files: Mapping[str, str],
    *codes: str,
    extend: tuple[str, ...] = (),
) -> Result[Tree]:
    """Write files and lint those without a directory in their name, all together.

    The codes count before the configuration's `select`; without both the default checks run.
    """
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    config = Config()
    if "lsmc.toml" in files:
        config = read_config(str(folder / "lsmc.toml"), LINT)
    setup = Setup(config, codes or None, extend)
    read = LINT.reader(setup.options(Given(folder, [PROFILES])), DiskFiles(), None)
    linter = Linter(read, setup.selected(LINT), LINT, config)
    baseline = read_baseline(config.baseline) if config.baseline is not None else None
    given = [str(folder / name) for name in files if "/" not in name and name != "lsmc.toml"]
    return linter.lint(given, baseline)


def short(result: Result[Tree]) -> list[str]:
    """The findings as `line:CODE`, in order."""
    return [f"{one.line}:{one.code}" for one in result.findings]
