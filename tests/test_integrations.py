"""What users copy into their own CI does what it says, run in a repository as CI has it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.lint.test_changed_since import git
from tests.places import ROOT

FOLDER = ROOT / "integrations"
CLEAN = """abi <abi/4.0>,

profile app /usr/bin/app {
  /usr/bin/app mr,
  /srv/app/** r,
}
"""
TEST = """policy = "."
base = "."

[[case]]
subject = "app"
op = "read"
object = "/srv/app/a"
expect = "allow"
"""
WIDER = CLEAN.replace("/** r,", "/** rw,")

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def yaml(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    (folder / "apparmor.d" / "abi").mkdir(parents=True)
    shutil.copy(ROOT / "profiles" / "abi" / "4.0", folder / "apparmor.d" / "abi")
    (folder / "apparmor.d" / "app").write_text(CLEAN)
    (folder / "apparmor.d" / "app.test.toml").write_text(TEST)
    (folder / "lsmc.toml").write_text('ignore = ["LSM220"]\n')
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "all")
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    return folder


def shell(script: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a script as the runner does, with `lsmc` on the path."""
    program = folder.parent / "bin" / "lsmc"
    if not program.exists():
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -m lsmc.cli "$@"\n')
        program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "POLICY": "apparmor.d", "BASE": "apparmor.d", **more}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def steps(folder: Path, **more: str) -> dict[str, int]:
    """The exit status of each step of the workflow that runs lsmc."""
    (job,) = yaml(FOLDER / "github" / "apparmor.yml")["jobs"].values()
    scripts = {step["name"]: step["run"] for step in job["steps"] if "run" in step}
    del scripts["Install lsmc"]
    return {name: shell(script, folder, **more).returncode for name, script in scripts.items()}


def test_the_workflow(repo: Path) -> None:
    summary = repo.parent / "summary.md"
    more = {"TARGET": "origin/main", "GITHUB_STEP_SUMMARY": str(summary)}
    assert set(steps(repo, **more).values()) == {0}
    assert summary.read_text() == "No decision changes.\n"
    (repo / "apparmor.d" / "app").write_text(WIDER.replace("  /srv", " /srv"))
    found = steps(repo, **more)
    assert {name for name, code in found.items() if code} == {"Layout", "No wider than before"}
    assert "### Wider" in summary.read_text()
    assert (repo / "lint.sarif").exists()
    assert (repo / "diff.sarif").exists()


def test_every_action_is_pinned_by_hash() -> None:
    used = re.findall(r"uses: (\S+)", (FOLDER / "github" / "apparmor.yml").read_text())
    assert used
    assert all(re.fullmatch(r"[\w/.-]+@[0-9a-f]{40}", one) for one in used), used


def test_the_gitlab_template(repo: Path) -> None:
    template = yaml(FOLDER / "gitlab" / "apparmor.gitlab-ci.yml")
    settings = {name: str(value) for name, value in template["variables"].items()}
    script = "\n".join(template["apparmor"]["script"])
    done = shell(script, repo, **settings)
    assert done.returncode == 0, done.stderr
    assert (repo / "gl-code-quality-report.json").read_text() == "[]\n"
    (repo / "apparmor.d" / "app").write_text(WIDER)
    compare = [row for row in template["apparmor-diff"]["script"] if row.startswith("lsmc")]
    done = shell("\n".join(compare).replace("FETCH_HEAD", "origin/main"), repo, **settings)
    assert done.returncode == 1
    assert "### Wider" in (repo / "diff.md").read_text()


def test_the_hooks_name_commands_that_there_are() -> None:
    hooks = {hook["id"]: hook for hook in yaml(ROOT / ".pre-commit-hooks.yaml")}
    assert set(hooks) == {"lsmc-lint", "lsmc-lint-fix", "lsmc-fmt", "lsmc-test"}
    commands = {path.stem for path in (ROOT / "lsmc" / "cli" / "commands").glob("*.py")}
    assert {hook["entry"].split()[1] for hook in hooks.values()} <= commands
    wanted = re.compile(hooks["lsmc-lint"]["files"])
    unwanted = re.compile(hooks["lsmc-lint"]["exclude"])

    def taken(path: str) -> bool:
        return bool(wanted.search(path)) and not unwanted.search(path)

    assert taken("apparmor.d/usr.bin.app")
    assert taken("debian/usr.sbin.app")
    assert not taken("debian/control")
    assert not taken("debian/usr.sbin.app.test.toml")
    assert not taken("apparmor.d/abstractions/base")


def test_the_debian_rules_are_a_makefile(tmp_path: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("needs make")
    shutil.copy(FOLDER / "debian" / "rules", tmp_path)
    words = ["make", "-n", "-f", "rules", "execute_after_dh_auto_test"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "lsmc test --no-cache debian/usr.bin.example.test.toml" in done.stdout
