"""The unit for systemd: `lsmc parser` takes what it runs, and systemd finds no fault in it."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lsmc.cli.parser_options import arguments
from tests.places import ROOT

UNIT = ROOT / "integrations/systemd/lsmc-apparmor.service"
PROGRAM = "/usr/bin/lsmc-apparmor-parser"


def _commands(text: str, key: str) -> list[list[str]]:
    lines = (line.partition("=") for line in text.splitlines())
    return [shlex.split(value) for name, _, value in lines if name == key]


@pytest.mark.parametrize("key", ["ExecStart", "ExecReload"])
def test_what_it_runs_loads_policy_and_keeps_it(key: str, tmp_path: Path) -> None:
    ((program, *args),) = _commands(UNIT.read_text(), key)
    assert program == PROGRAM
    asked = arguments(["--config-file", str(tmp_path / "none"), *args])
    assert (asked.action, asked.load, asked.write_cache) == ("r", True, True)
    assert asked.paths == ["/etc/apparmor.d"]
    assert not asked.notes


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd")
def test_systemd_finds_no_fault(tmp_path: Path) -> None:
    """With a program that is there; what systemd says of other units is not ours."""
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace(PROGRAM, sys.executable))
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    said = [line for line in result.stderr.splitlines() if UNIT.name in line]
    assert said == []
    unit.write_text(unit.read_text().replace("Type=oneshot", "Type=once"))
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert UNIT.name in result.stderr
