"""Nothing that a name or a policy holds steers what reads the output."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import Result

import lsmc
from lsmc.output.styled import inert
from tests.cli.conftest import Run

NAMES = (
    "x\u0142",
    "caf\u00e9",
    os.fsdecode(b"latin\xe9"),
    "esc\x1b]0;pwn\x07",
    "right\u202eto left",
    "next\x85line\u2028",
    "two\n::error::words",
    "::error::words",
    "##[add-mask]words",
    "tag<b>&amp;\"'",
    "back\\slash",
    "per%0Acent, comma:colon",
    "\ufffe\x01\x7f",
)
#: A profile whose every part that can hold such text does.
POLICY = """# \x1b[2J \u202e ]]> ##[stop-commands]x
profile "a\x1bc\u202e##[x]" "/a\x1bc" {
  include if exists <local/x>
  "/b\x1bc\u202e::error::\xff" r, # \x1b]0;pwn\x07
  deny "/b\x1bc\u202e::error::\xff" r,
  /c rix,
  change_profile -> "q\x1bc\u202e",
}
profile "q\x1bc\u202e" { }
"""
BAD = "profile \x1b[2J {\n  /b\x07\u202e zz,\n  ##[x] \x9b\n}\n"
#: How colours begin and end, which are the program's own.
SGR = re.compile(rb"\x1b\[[0-9;]*m")
FORMATS = ("text", "concise", "json", "jsonl", "sarif", "github", "gitlab", "junit")


def policy(text: str) -> bytes:
    return text.encode().replace("\xff".encode(), b"\xff")


@pytest.fixture(params=NAMES, ids=ascii)
def name(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file of that name in the working directory, and where its messages are for a runner."""
    given: str = request.param
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    Path(given).write_bytes(policy(POLICY))
    return given


def steering(output: bytes) -> Iterator[str]:
    """What would steer a terminal or a runner in some output."""
    for line in output.decode("utf-8", "surrogateescape").split("\n"):
        yield from (ascii(char) for char in line if not char.isprintable())
        if "##[" in line:
            yield line


def checked(result: Result, *, runner: bool = True) -> str:
    assert result.exit_code in (0, 1, 2)
    for output in (result.stdout_bytes, result.stderr_bytes):
        found = [one for one in steering(output) if runner or "##[" not in one]
        assert not found, found
        if runner:
            assert b"\n::" not in b"\n" + output
    return result.stdout


@pytest.mark.parametrize("form", FORMATS)
def test_lint(run: Run, name: str, form: str) -> None:
    words = ("lint", f"./{name}", "--no-config", "--base", ".", "--select", "ALL", "--format", form)
    result = run(*words)
    assert result.exit_code in (1, 2), result.stderr
    assert "LSM999" not in result.stdout + result.stderr
    if form in ("text", "concise"):
        checked(result)
        return
    for char in result.stdout.replace("\n", ""):
        assert char.isprintable(), ascii(char)
    if form == "junit":
        ET.fromstring(result.stdout)
    elif form == "github":
        assert all(line.startswith("::") for line in result.stdout.splitlines())
    else:
        json.loads(result.stdout)


def test_other_commands(run: Run, name: str) -> None:
    path = f"./{name}"
    for words in (
        ("compile", path, "--no-cache", "-o", "out"),
        ("show", path, "--no-cache"),
        ("show", path, "--no-cache", "--stage", "ir"),
        ("graph", path, "--no-cache"),
        ("fmt", path, "--check"),
        ("query", path, "--no-cache", "/a\x1bc", "read", "/b\x1b\u202e"),
        ("explain", path, "--no-cache", "/a\x1bc", "write", "/b\x1b\u202e"),
        ("lint", path, "--base", ".", "--no-config", "--write-baseline", "--baseline", "b.json"),
        ("diff", path, "out"),
    ):
        result = run(*words)
        assert result.exit_code != 2, result.stderr
        checked(result)
        coloured = run(*words, "--color", "always")
        for output in (coloured.stdout_bytes, coloured.stderr_bytes):
            assert not list(steering(SGR.sub(b"", output)))
    for form in ("dot", "json"):
        checked(run("graph", path, "--no-cache", "--format", form), runner=False)
    assert lsmc.compile(path, base=".").profiles
    baseline = run(*["lint", "--base", ".", "--no-config", "--baseline", "b.json"], path)
    assert baseline.exit_code == 0, baseline.stdout


def test_fixes_are_written_whatever_the_name(run: Run, name: str) -> None:
    """Files of any name are formatted and fixed, and no name becomes policy."""
    path = Path(name)
    words = ("--fix", "--unsafe-fixes", "--select", "LSM219,LSM405", "--no-config", "--base", ".")
    before = "profile a /a {\n  #include if exists <x>\n}\n"
    path.write_text(before)
    assert run("lint", f"./{name}", *words).exit_code == 0
    after = path.read_bytes().decode("utf-8", "surrogateescape").split("\n")
    added = [line for line in after if "<local/" in line]
    assert [line for line in after if line not in added] == [
        line.replace("#include", "include") for line in before.split("\n")
    ]
    assert added in ([], [f"  include if exists <local/{name}>"])
    assert bool(added) == (name in ("x\u0142", "caf\u00e9", "::error::words"))
    lsmc.compile(path, base=".")


def test_errors(run: Run, name: str) -> None:
    Path(name).write_bytes(policy(BAD))
    path = f"./{name}"
    for words in (("compile", path, "-o", "out"), ("fmt", path), ("lint", path)):
        result = run(*words)
        assert result.exit_code == 2
        checked(result)
    checked(run("query", "out", name, "read", name))
    checked(run("query", f"{name}/gone", "a", "read", name))
    checked(run(name))
    checked(run("lint", name, "--select", name))
    checked(run("log", f"{name}gone"))
    checked(run("explain", "--log", f"{name}gone", f"./{name}"))


def test_an_include_of_any_name_is_found(run: Run, name: str) -> None:
    if set(name) & set('"\\<>\n') or "##" in name or "{" in name:
        return  # which no include can name
    Path(name).write_text("  /from-it r,\n")
    text = f'profile a /a {{\n  include "./{name}"\n}}\n'
    Path("user").write_bytes(text.encode("utf-8", "surrogateescape"))
    result = run("query", "user", "--no-cache", "a", "read", "/from-it")
    assert result.exit_code == 0, result.stderr
    checked(result)


def test_text_is_made_inert_for_a_runner_only(run: Run, tmp_path: Path) -> None:
    (tmp_path / "##[group]x").write_bytes(policy(BAD))
    result = run("compile", tmp_path / "##[group]x", "-o", tmp_path / "out")
    assert "##[group]x:1:9: error" in result.stderr
    assert inert("::a ##[b]\n  ::c\nd ::e") == "\\x3a:a #\\x23[b]\n  \\x3a:c\nd ::e"
