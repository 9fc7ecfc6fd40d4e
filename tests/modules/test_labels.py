"""`lsmc label` and the functions behind it, of a module that labels by a table."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

import lsmc
from lsmc.cli.group import cli
from lsmc.engine.label import Label
from lsmc.engine.verdict import Verdict
from lsmc.modules.parts import Labels
from lsmc.modules.registry import MODULES, module_named
from tests.cli.conftest import Run, run
from tests.modules import levels

__all__ = ["run"]

LABELS = Labels(
    label=lambda _, kind, subject, obj, cls, name, booleans: (
        Label(f"{kind} {subject} {obj} {cls} {name} {booleans}", valid=kind != "change", note="so")
        if obj != "none"
        else None
    ),
    file_label=lambda _, path, kind: Label(f"{path} {kind}"),
    validate_transition=lambda _, old, new, task, cls: Verdict.allow((old, new, task, cls)),
)


@pytest.fixture(autouse=True)
def _modules(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in cli.list_commands(click.Context(cli)):
        cli.get_command(click.Context(cli), name)
    module_named.cache_clear()
    monkeypatch.setitem(MODULES, "levels", lambda: levels.LEVELS._replace(labels=lambda: LABELS))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.levels"
    path.write_text("alice 3\n")
    return path


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        ("transition a b file --name n", 0, "transition a b file n {}\n  so\n"),
        ("member a b file --boolean x=on", 0, "member a b file None {'x': True}\n  so\n"),
        ("port tcp:80", 0, "port  tcp:80  None {}\n  so\n"),
        ("/etc/passwd --type file", 0, "/etc/passwd file\n"),
        ("fs none", 1, "no label: the policy names none\n"),
    ],
)
def test_labels(run: Run, path: Path, words: str, code: int, text: str) -> None:
    result = run("label", path, *words.split(), "--no-cache")
    assert (result.exit_code, result.output) == (code, text)


def test_an_invalid_label_is_a_refusal(run: Run, path: Path) -> None:
    result = run("label", path, "change", "a", "b", "file", "--format", "json", "--no-cache")
    assert result.exit_code == 1
    assert json.loads(result.output) == {
        "label": "change a b file None {}",
        "valid": False,
        "rules": [],
        "note": "so",
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("colour a", "`colour` is not a kind of label"),
        ("member a b", "`member` takes SUBJECT OBJECT CLASS"),
        ("fs ext4 --name n", "--name goes with `transition`"),
        ("fs ext4 --type dir", "--type goes with `file`"),
        ("fs ext4 --boolean x", "`x` is not of the form NAME=on or NAME=off"),
    ],
)
def test_wrong_use(run: Run, path: Path, words: str, message: str) -> None:
    result = run("label", path, *words.split(), "--no-cache")
    assert (result.exit_code, message in result.stderr) == (2, True)


def test_functions(path: Path) -> None:
    policy = lsmc.compile(path)
    found = policy.label("member", "a", "b", "file", booleans={"x": False})
    assert found == "member a b file None {'x': False}"
    assert policy.file_label("/a") == "/a None"
    assert policy.validate_transition("a", "b", "c", "file").granted == ("a", "b", "c", "file")
