"""Fixes of KubeArmor policy, made on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run, run
from tests.modules.kubearmor.policies import text
from tests.places import PROFILES

__all__ = ["run"]


@pytest.mark.parametrize(
    ("spec", "fixed"),
    [
        ("action: block\n", "action: Block\n"),
        ("file:\n  matchPath: []\n", "file:\n  matchPaths: []\n"),
        ("file: {matchPaths: [{path: /a, readonly: true}]}\n", "readOnly: true"),
    ],
)
def test_misspelt_words_are_written_right(run: Run, tmp_path: Path, spec: str, fixed: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text(spec))
    shown = run("lint", str(path), "--base", str(PROFILES), "--fix")
    assert shown.exit_code == 1
    assert path.read_text() == text(spec), "what changes decisions is not done unasked"
    run("lint", str(path), "--base", str(PROFILES), "--fix", "--unsafe-fixes")
    assert fixed.strip().split("\n")[-1] in path.read_text()
