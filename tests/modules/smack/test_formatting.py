"""Layout changes no rule, and is stable."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from lsmc.compiler.inputs import Options
from lsmc.modules.smack.formatting import RowFormatter
from tests.cli.conftest import Run, run
from tests.modules.smack.support import opened, policies

__all__ = ["run"]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("accesses", "App  Sys\tXR\nApp Usr -", "App Sys rx\nApp Usr -\n"),
        ("accesses", "App Sys r App Usr\n w\n", "App Sys r\nApp Usr w\n"),
        ("accesses", "App/x Sys r,w\n", "App/x Sys r,w\n"),
        ("a-change-rule", "App Sys WR X", "App Sys rw x\n"),
        ("onlycap", "App  Sys", "App  Sys"),
        ("accesses", "", ""),
    ],
)
def test_layout(name: str, old: str, new: str) -> None:
    assert RowFormatter(Options()).format(name, old.encode()).text == new.encode()


def test_a_file_with_faults_stays() -> None:
    found = RowFormatter(Options()).format("accesses", b"App Sys")
    assert found.text is None
    assert [one.name for one in found.faults] == ["incomplete-row"]


@given(policies())
def test_rules_stay(files: dict[str, str]) -> None:
    formatter = RowFormatter(Options())
    for name, text in files.items():
        if not text:
            continue
        new = formatter.format(name, text.encode()).text
        assert new is not None
        assert formatter.format(name, new).text == new
        engines = [opened({name: one}) for one in (text, new.decode())]
        assert engines[0].tables.pairs == engines[1].tables.pairs
        assert list(engines[0].tables.access) == list(engines[1].tables.access)


def test_the_command_finds_the_files(run: Run, tmp_path: Path) -> None:
    (tmp_path / "accesses.d").mkdir()
    path = tmp_path / "accesses.d" / "app"
    path.write_text("App  Sys  WR")
    result = run("fmt", tmp_path)
    assert (result.exit_code, path.read_text()) == (0, "App Sys rw\n")
