"""Editors show what `lsmc lint` finds: through the server, or by running it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.editors.highlighters import EDITORS
from tests.places import ROOT

HERE = Path(__file__).parent
BASE = str(ROOT / "profiles")
#: Seconds after which an editor is taken to hang.
TIMEOUT = 120
BROKEN = """abi <abi/4.0>,

profile app /usr/bin/app {
  /etc/app r,
  /etc/app r,
  @{LOGS}/app w,
  /etc/\u00e9/\U0001d11e rx
}
"""


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "apparmor.d" / "app"
    path.parent.mkdir()
    path.write_text(BROKEN)
    return path


def run(command: Sequence[str], broken: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run an editor that finds lsmc."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {command[0]}")
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return subprocess.run(
        command,
        env={
            **os.environ,
            "PATH": path,
            "EDITORS": str(EDITORS),
            "BASE": BASE,
            "BROKEN": str(broken),
            "FOUND": str(broken.parent.parent / "found.json"),
            **environ,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )


def found_by_lint(broken: Path) -> list[dict[str, Any]]:
    """The findings of the command, in order."""
    command = ("lint", "--format", "json", "--base", BASE, str(broken))
    printed = run((sys.executable, "-m", "lsmc.cli", *command), broken).stdout
    found: list[dict[str, Any]] = json.loads(printed)["diagnostics"]
    assert len(found) > 3
    return found


def _byte(finding: dict[str, Any]) -> int:
    """The column of a finding in bytes, as Neovim counts."""
    line = BROKEN.splitlines()[finding["line"] - 1]
    return len(line[: finding["column"] - 1].encode()) + 1


def test_neovim_shows_what_lint_finds(broken: Path) -> None:
    printed = run(("nvim", "--headless", "-n", "-u", str(HERE / "nvim.lua")), broken)
    shown = [tuple(one) for one in json.loads(printed.stdout)]
    expected = [(one["line"], _byte(one), one["code"]) for one in found_by_lint(broken)]
    assert sorted(shown) == sorted(expected)


def test_neovim_applies_a_fix_and_the_layout(broken: Path) -> None:
    broken.write_text("profile x /x {\n/\u00e9/\U0001d11e   r\n  /b r,\n}\n")
    script = ("-u", str(HERE / "changes.lua"))
    printed = run(("nvim", "--headless", "-n", *script), broken, LINE="2")
    assert printed.stdout == "profile x /x {\n  /\u00e9/\U0001d11e r,\n  /b r,\n}"


def test_vim_has_what_lint_finds_in_its_quickfix_list(broken: Path) -> None:
    runtime = f"set runtimepath^={EDITORS / 'vim'}"
    script = str(HERE / "quickfix.vim")
    run(("vim", "-es", "-u", "NONE", "-i", "NONE", "-n", "--cmd", runtime, "-S", script), broken)
    shown = json.loads((broken.parent.parent / "found.json").read_text())
    assert [tuple(one) for one in shown] == [
        (
            one["line"],
            one["column"],
            one["severity"][0],
            f"{one['code']} {one['message']}",
        )
        for one in found_by_lint(broken)
    ]


def test_emacs_shows_what_lint_finds(broken: Path) -> None:
    mode = ("emacs", "-Q", "--batch", "-l", str(EDITORS / "emacs" / "apparmor-mode.el"))
    if run((*mode, "--eval", "(require 'eglot)"), broken).returncode:
        pytest.skip("needs eglot, which Emacs has from 29 on")
    ended = run((*mode, "-l", str(HERE / "eglot.el")), broken)
    assert ended.returncode == 0, ended.stderr
    shown = json.loads((broken.parent.parent / "found.json").read_text())
    found = {(one["line"], one["code"]) for one in found_by_lint(broken)}
    assert len(shown) == len(found)
    for line, text in shown:
        assert any(line == number and code in text for number, code in found), text


@pytest.mark.parametrize(
    ("text", "formatted"),
    [
        ("profile x /x {\n/b   r,\n\n\n\n/c r,\n}\n", "profile x /x {\n  /b r,\n\n  /c r,\n}\n"),
        ("profile x /x { /b r,\n/c r, }", "profile x /x {\n  /b r,\n  /c r,\n}\n"),
        ("profile x /x {\n/b rx\n}\n", "profile x /x {\n/b rx\n}\n"),
    ],
    ids=("shorter", "longer", "with an error"),
)
def test_vim_lays_out_what_has_no_errors(text: str, formatted: str, broken: Path) -> None:
    broken.write_text(text)
    runtime = f"set runtimepath^={EDITORS / 'vim'}"
    script = str(HERE / "format.vim")
    run(("vim", "-es", "-u", "NONE", "-i", "NONE", "-n", "--cmd", runtime, "-S", script), broken)
    assert (broken.parent.parent / "found.json").read_text() == formatted
