"""Running the command line inside the process, and a bundle of the sample profiles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lsmc.cli.group import cli
from tests.places import ROOT

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line at the root of the repository; exceptions are failures."""
    monkeypatch.chdir(ROOT)
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)

    def invoke(*args: str | Path, text: str | bytes | None = None) -> Result:
        return CliRunner().invoke(cli, [*map(str, args)], input=text, catch_exceptions=False)

    return invoke


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample profiles, compiled with file names as the README shows them."""
    path = tmp_path_factory.mktemp("bundle") / "profiles.lsmb"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        args = ["compile", "profiles", "--base", "profiles", "-o", str(path), "--no-cache"]
        result = CliRunner().invoke(cli, args, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return path
