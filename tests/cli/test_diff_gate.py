"""`lsmc diff` as a gate: directions, revisions of git, and documents for pull requests."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cli.conftest import Run
from tests.faults.conftest import lsmc
from tests.lint.test_changed_since import git

OLD = "profile app /usr/bin/app {\n  /srv/a rw,\n}\n"
WIDER = "profile app /usr/bin/app {\n  /srv/a rw,\n  /etc/s* r,\n}\n"
NARROWER = "profile app /usr/bin/app {\n  /srv/a r,\n}\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name, text in (("old", OLD), ("wider", WIDER), ("narrower", NARROWER)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "app").write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("new", "gate", "code"),
    [
        *(("old", gate, 0) for gate in ("any", "wider", "never")),
        *(("wider", "any", 1), ("wider", "wider", 1), ("wider", "never", 0)),
        *(("narrower", "any", 1), ("narrower", "wider", 0), ("narrower", "never", 0)),
    ],
)
def test_which_changes_fail(run: Run, files: Path, new: str, gate: str, code: int) -> None:
    words = ("diff", files / "old", files / new, "--fail-on", gate, "--no-cache")
    assert run(*words).exit_code == code


def test_each_side_has_its_own_includes(run: Run, tmp_path: Path) -> None:
    for name, rule in (("old", ""), ("new", "/srv/b r,\n")):
        (tmp_path / name / "abstractions").mkdir(parents=True)
        (tmp_path / name / "abstractions/common").write_text(f"/srv/a r,\n{rule}")
        (tmp_path / name / "app").write_text("profile app { include <abstractions/common> }\n")
    sides = ("diff", tmp_path / "old", tmp_path / "new", "--base", tmp_path / "new", "--no-cache")
    assert run(*sides).exit_code == 0
    found = run(*sides, "--old-base", tmp_path / "old")
    assert (found.exit_code, "now may read" in found.output) == (1, True)


def test_what_a_new_profile_lets_happen_fails_the_gate(run: Run, tmp_path: Path) -> None:
    old = "profile app /srv/* {\n  /srv/b Px -> b,\n}\n"
    for name, text in (
        ("old", old),
        ("target", f"{old}profile b {{ }}\n"),
        ("taken", f"{old}profile c /srv/tool {{ /etc/shadow r, }}\n"),
        ("fewer", f"{old}profile c /srv/tool {{ }}\n"),
    ):
        (tmp_path / name).write_text(text)
    gate = ("--fail-on", "wider", "--no-cache")
    found = {
        name: run("diff", tmp_path / "old", tmp_path / name, *gate)
        for name in ("target", "taken", "fewer")
    }
    assert {name: done.exit_code for name, done in found.items()} == {
        "target": 1,
        "taken": 1,
        "fewer": 0,
    }
    assert "app: now may execute (was denied): /srv/b Px -> b," in found["target"].output
    assert "c: now has programs of app, which may then do more\n  program: /srv/tool" in (
        found["taken"].output
    )


def test_the_text_ends_with_a_summary(run: Run, files: Path) -> None:
    text = run("diff", files / "old", files / "wider", "--no-cache").output
    assert "warning: reads password hashes" in text
    assert text.endswith("1 change: 1 wider\n")
    assert run("diff", files / "old", files / "old", "--no-cache").output == ""


def test_directions_and_hazards_in_json(run: Run, files: Path) -> None:
    text = run("diff", files / "old", files / "wider", "--no-cache", "--format", "json").output
    (change,) = json.loads(text)
    assert (change["direction"], change["hazards"]) == ("wider", ["password-hashes"])


def test_markdown_holds_hostile_text_as_code(run: Run, files: Path) -> None:
    (files / "wider" / "app").write_text('profile app /usr/bin/app {\n  "/a|`<b>x" r,\n}\n')
    text = run("diff", files / "old", files / "wider", "--no-cache", "--format", "markdown").output
    assert text.startswith("**2 changes: 1 wider, 1 narrower**")
    assert '``now may read (was denied): "/a\\|`<b>x" r,``' in text
    same = run("diff", files / "old", files / "old", "--no-cache", "--format", "markdown")
    assert same.output == "No decision changes.\n"


def test_sarif_and_github(run: Run, files: Path, sarif_schema: Any) -> None:
    words = ("diff", files / "old", files / "wider", "--no-cache", "--format")
    document = json.loads(run(*words, "sarif").output)
    jsonschema.Draft4Validator(sarif_schema).validate(document)
    (result,) = document["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("policy-wider", "warning")
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 3, "startColumn": 3}
    (row,) = run(*words, "github").output.splitlines()
    assert row.startswith("::warning file=")
    assert "line=3,title=policy is wider::app: now may read" in row


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    if shutil.which("git") is None:
        pytest.skip("needs git")
    folder = tmp_path / "repo"
    (folder / "policy" / "parts").mkdir(parents=True)
    (folder / "policy" / "app").write_text(OLD.replace("{", "{\n  include <parts/a>"))
    (folder / "policy" / "parts" / "a").write_text("/srv/b r,\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "all")
    return folder


def compared(folder: Path, *words: str) -> tuple[int, str, str]:
    done = lsmc("diff", *words, cwd=folder)
    return done.returncode, done.stdout, done.stderr


def test_a_revision_is_compiled_with_its_own_includes(repo: Path) -> None:
    words = ("policy", "--base", "policy", "--rev", "HEAD")
    assert compared(repo, *words) == (0, "", "")
    (repo / "policy" / "parts" / "a").write_text("/srv/b rw,\n")
    code, text, _ = compared(repo, *words)
    assert code == 1
    assert "policy/parts/a:1:1: /srv/b r," in text
    assert text.endswith("1 change: 1 wider\n")
    assert compared(repo, str(repo / "policy"), *words[1:])[0] == 1
    assert compared(repo / "policy", "app", "--base", ".", "--rev", "HEAD")[0] == 1
    git(repo, "commit", "-qam", "more")
    assert compared(repo, *words) == (0, "", "")
    assert compared(repo, *words[:-1], "HEAD~1")[0] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("policy", "--rev", "nothing"), "no revision `nothing`"),
        (("policy", "--rev", "--help"), "no revision `--help`"),
        (("/etc", "--rev", "HEAD"), "is not in the repository"),
        (("new", "--rev", "HEAD"), "is not in revision `HEAD`"),
        (("policy",), "missing NEW"),
    ],
)
def test_wrong_use(repo: Path, words: tuple[str, ...], said: str) -> None:
    (repo / "new").mkdir()
    code, text, error = compared(repo, *words)
    assert (code, text) == (2, "")
    assert said in error
    assert error.count("\n") == 1


def test_errors_in_a_revision_say_so(repo: Path) -> None:
    (repo / "policy" / "app").write_text("profile {\n")
    git(repo, "commit", "-qam", "broken")
    (repo / "policy" / "app").write_text(OLD)
    code, _, error = compared(repo, "policy", "--base", "policy", "--rev", "HEAD")
    assert code == 2
    assert error.startswith("lsmc: note: this is revision `HEAD` of `policy`\npolicy/app:")


def test_nothing_of_the_repository_runs(repo: Path) -> None:
    marker = repo / "ran"
    (repo / ".gitattributes").write_text("* filter=evil\n")
    git(repo, "add", ".")
    git(repo, "commit", "-qm", "attributes")
    git(repo, "config", "filter.evil.smudge", f"touch {marker}")
    git(repo, "config", "core.fsmonitor", f"touch {marker}")
    assert compared(repo, "policy", "--base", "policy", "--rev", "HEAD")[0] == 0
    assert not marker.exists()
