"""The GitHub action runs nothing of the checkout, and lints once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.places import ROOT

ACTION = (ROOT / "action.yml").read_text(encoding="utf-8")
#: The scripts of the steps by their names.
SCRIPTS = {
    name: dedent(text)
    for name, text in re.findall(
        r"- name: ([^\n]+)\n(?:(?!    - )[^\n]*\n)*?      run: \|\n((?:        [^\n]*\n)+)", ACTION
    )
}
POLICY = "profile a /a {\n  /b r,\n  deny /b r,\n}\n"
HOSTILE = ("venv", "pip", "lsmc", "click", "rich", "runpy", "site", "sitecustomize", "json")


def test_zizmor_finds_nothing() -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    if not zizmor.exists():
        pytest.skip("needs zizmor")
    words = [str(zizmor), "--offline", "--no-progress", "--persona", "pedantic", "action.yml"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_other_actions_are_pinned_by_hash() -> None:
    used = re.findall(r"uses: (\S+)", ACTION)
    assert used
    assert all(re.fullmatch(r"[\w/.-]+@[0-9a-f]{40}", one) for one in used), used


def checkout(folder: Path) -> Path:
    """A checkout with policy, and with modules that leave a mark when they are run."""
    folder.mkdir()
    (folder / "p").write_text(POLICY)
    for name in HOSTILE:
        (folder / f"{name}.py").write_text(f"open({str(folder / 'ran')!r}, 'a').write({name!r})\n")
    return folder


def step(name: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the script of a step in the checkout."""
    environment = {**os.environ, "RUNNER_TEMP": str(folder.parent), **more}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", SCRIPTS[name]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_installing_runs_nothing_of_the_checkout(tmp_path: Path) -> None:
    """Even when it is started there, which the action does not do."""
    folder = checkout(tmp_path / "checkout")
    path = tmp_path / "bin"
    path.mkdir()
    (path / "python").symlink_to(sys.executable)
    first = SCRIPTS["Install lsmc"].splitlines()[0]
    environment = {
        **os.environ,
        "RUNNER_TEMP": str(tmp_path),
        "PATH": f"{path}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["bash", "-e", "-c", f"{first} --without-pip"], cwd=folder, env=environment, check=False
    )
    assert done.returncode == 0
    assert (tmp_path / "lsmc/bin/python").exists()
    assert not (folder / "ran").exists()
    words = re.findall(r"^\S*python\"? .*", SCRIPTS["Install lsmc"], re.MULTILINE | re.IGNORECASE)
    assert len(words) == len(SCRIPTS["Install lsmc"].splitlines()) == 2
    assert all(" -I -m " in one for one in words)


def test_linting_runs_nothing_of_the_checkout(tmp_path: Path) -> None:
    folder = checkout(tmp_path / "checkout")
    (tmp_path / "output").touch()
    more = {"PYTHON": sys.executable, "ARGS": "--base .", "GITHUB_OUTPUT": str(tmp_path / "output")}
    done = step("lsmc lint", folder, **more, PATHS="p", SARIF="found.sarif")
    assert done.returncode == 1, done.stderr
    assert "::warning file=p,line=2," in done.stdout
    assert (tmp_path / "output").read_text() == "exit-code=1\n"
    assert '"$schema"' in (folder / "found.sarif").read_text()
    assert not (folder / "ran").exists()
    assert SCRIPTS["lsmc lint"].count("lsmc.cli lint") == 1
    injected = step("lsmc lint", folder, **more, PATHS="p; touch ran", SARIF="")
    assert injected.returncode == 2
    assert not (folder / "ran").exists()
