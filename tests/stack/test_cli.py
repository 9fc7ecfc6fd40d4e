"""The options of a context on the command line, what they refuse, and what is printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lsmc.cli.quick import quick
from tests.cli.conftest import Run
from tests.places import ROOT

ASKED = ("nginx", "read", "/etc/nginx/nginx.conf")
UNHELD = "CAP_DAC_READ_SEARCH is not held; CAP_DAC_OVERRIDE is not held"
READER = ("--uid", "33", "--gid", "33", "--owner", "0", "--group", "0")


def test_the_chain_in_order(run: Run, bundle: Path) -> None:
    result = run("query", bundle, *ASKED, *READER, "--mode", "-rw-r-----", "--dir-mode", "755")
    assert result.exit_code == 1
    assert result.output.splitlines()[:5] == [
        "denied: nginx read /etc/nginx/nginx.conf",
        "  dac refuses with EACCES",
        "  1. dac (search): allowed: whichever bits count, x is among them",
        f"  2. dac (access): denied, EACCES: the mode gives others ---, not r; {UNHELD}",
        "  3. apparmor: not reached; would allow: the rules allow it",
    ]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--mode", "0644"), 0),
        (("--mode", "0600"), 1),
        (("--mode", "0600", "--caps", "CAP_DAC_READ_SEARCH"), 1),  # nginx has no rule for it
        (("--mode", "0600", "--caps", "dac_override,kill"), 0),
        (("--mode", "0600", "--caps", "0x2"), 0),
        (("--mode", "0600", "--caps", "none"), 1),
        (("--mode", "0640", "--groups", "4,0"), 0),
        (("--mode", "0640", "--groups", "4,5"), 1),
    ],
)
def test_modes_groups_and_capabilities(
    run: Run, bundle: Path, options: tuple[str, ...], code: int
) -> None:
    for command in ("query", "explain"):
        assert run(command, bundle, *ASKED, *READER, *options).exit_code == code


def test_json_with_a_context(run: Run, bundle: Path) -> None:
    options = (*READER, "--mode", "0600", "--lsm", "capability,apparmor", "--format", "json")
    found = json.loads(run("query", bundle, *ASKED, *options).output)
    assert (found["allowed"], found["decision"], found["errno"]) == (False, "allow", "EACCES")
    assert [
        (one["layer"], one["test"], one["verdict"], one["errno"]) for one in found["chain"]
    ] == [
        ("dac", "search", "unknown", None),
        ("dac", "access", "deny", "EACCES"),
        ("apparmor", "", "not-reached", None),
    ]
    assert found["chain"][1]["capabilities"][0] == {
        "capability": "dac_read_search",
        "held": False,
        "ruled": None,
        "logged": False,
    }
    explained = json.loads(run("explain", bundle, *ASKED, *options).output)
    assert explained["verdict"] == found
    assert explained["request"]["context"] == {
        "uid": 33,
        "gid": 33,
        "groups": [],
        "caps": [],
        "owner": 0,
        "group": 0,
        "mode": "0600",
        "lsm": ["capability", "apparmor"],
    }
    plain = json.loads(run("explain", bundle, *ASKED, "--format", "json").output)
    assert plain["request"]["context"] is None
    assert "chain" not in plain["verdict"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--uid", "root"), "--uid takes a number, not `root`"),
        (("--uid", "4294967295"), "`uid` is not a number from 0 to 4294967294"),
        (("--groups", "1;2"), "`1;2` is not a group number"),
        (("--caps", "dac"), "`dac` is not a capability"),
        (("--mode", "rw"), "`rw` is not a mode"),
        (("--dir-mode", "-rwxr-xr-x"), "not the mode of a directory"),
        (("--mode", "-rw-rw-r--+"), "access control list"),
        (("--lsm", "apparmor"), "`capability` is always the first module"),
        (("--lsm", "yama,capability"), "`capability` is always the first module"),
        (("--lsm", "capability,smack,apparmor"), "exclude each other"),
        (("--lsm", "capability,pax"), "`pax` is not a security module"),
        (("--stat", "/nonexistent/file"), "no such file or directory"),
        (("--uid", "3", "--owner", "3", "--not-owner"), "--not-owner contradicts --uid"),
    ],
)
def test_what_is_refused(run: Run, bundle: Path, options: tuple[str, ...], words: str) -> None:
    for command in ("query", "explain"):
        result = run(command, bundle, *ASKED, *options)
        assert result.exit_code == 2
        assert result.output.startswith("lsmc: error: ")
        assert words in result.output
        assert result.output.count("\n") == 1


def test_questions_from_a_file_take_no_context(run: Run, bundle: Path, tmp_path: Path) -> None:
    file = tmp_path / "empty"
    file.write_text("")
    assert run("query", bundle, "--batch", file, "--uid", "1").exit_code == 2
    assert run("explain", bundle, "--log", file, "--uid", "1").exit_code == 2


def test_a_context_in_a_batch(run: Run, bundle: Path) -> None:
    request = {"subject": "nginx", "op": "read", "object": "/etc/nginx/nginx.conf"}
    good = {**request, "context": {"uid": 33, "gid": 33, "owner": 0, "group": 0, "mode": "0644"}}
    result = run("query", bundle, "--batch", "-", text=f"{json.dumps(good)}\n")
    assert result.exit_code == 0
    assert len(json.loads(result.output)["chain"]) == 3
    wrong: list[object] = [[], "uid", {"uid": "x"}, {"uidd": 1}]
    for bad in wrong:
        line = json.dumps({**request, "context": bad})
        result = run("query", bundle, "--batch", "-", text=f"{line}\n")
        assert result.exit_code == 2
        assert "<stdin>:1: error: " in result.output


def test_object_and_directory_of_a_file(run: Run, bundle: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    file.chmod(0o640)
    tmp_path.chmod(0o711)
    (tmp_path / "link").symlink_to("file")
    asked = ("explain", bundle, *ASKED, "--uid", "4001", "--gid", "4001", "--format", "json")
    for name in ("file", "link"):
        found = json.loads(run(*asked, "--stat", tmp_path / name).output)["request"]["context"]
        status = file.stat()
        assert (found["owner"], found["group"]) == (status.st_uid, status.st_gid)
        assert (found["mode"], found["dir_mode"]) == ("100640", "40711")
    found = json.loads(run(*asked, "--stat", file, "--mode", "600").output)["request"]["context"]
    assert (found["mode"], found["dir_mode"]) == ("0600", "40711")


def test_plain_questions_stay_without_click_and_others_reach_it(bundle: Path) -> None:
    for options in (("--uid", "33"), ("--uid=33",), ("--stat", "/"), ("--lsm", "capability")):
        assert quick([str(bundle), *ASKED, *options]) is None
    program = "import sys, lsmc.cli; sys.argv = sys.argv[1:]; lsmc.cli.main()"
    command = [sys.executable, "-c", program, "lsmc", "query", str(bundle), *ASKED, "--uid", "33"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False, cwd=ROOT
    )
    assert result.returncode == 0, result.stderr
    assert "dac (access): not judged: the mode is not known" in result.stdout


def test_an_explanation_without_a_context_says_so(run: Run, bundle: Path) -> None:
    words = "only the profile is judged"
    assert words in run("explain", bundle, *ASKED).output
    assert words not in run("explain", bundle, *ASKED, "--uid", "33").output
