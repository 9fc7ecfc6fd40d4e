"""`lsmc who`: which subjects may do something."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

POLICY = """profile rules { /srv/a r, }
profile own { owner /srv/** r, }
profile lenient flags=(complain) { owner /srv/a r, }
profile refused flags=(complain) { deny /srv/a r, }
profile free flags=(unconfined) { }
profile none { }
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy"
    path.write_text(POLICY)
    return path


def who(run: Run, policy: Path, *words: str) -> list[tuple[str, str, str]]:
    """Subjects, whose objects, and the decision."""
    result = run("who", policy, *words, "--format", "json", "--no-cache")
    found = json.loads(result.output)
    assert result.exit_code == (0 if found else 1)
    return [(one["subject"], one["who"], one["verdict"]["decision"]) for one in found]


def test_how_a_subject_may(run: Run, policy: Path) -> None:
    assert who(run, policy, "read", "/srv/a") == [
        ("free", "all", "unconfined"),
        ("lenient", "owner", "allow"),
        ("lenient", "other", "complain"),
        ("own", "owner", "allow"),
        ("rules", "all", "allow"),
    ]
    assert who(run, policy, "read", "/srv/a", "--enforce") == [
        ("free", "all", "unconfined"),
        ("lenient", "owner", "allow"),
        ("own", "owner", "allow"),
        ("rules", "all", "allow"),
    ]


def test_the_table_and_its_summary(run: Run, policy: Path) -> None:
    rows = run("who", policy, "read", "/srv/a", "--no-cache").output.splitlines()
    assert rows[0].split() == ["subject", "how", "whose", "rule"]
    assert rows[1].split()[:3] == ["lenient", "by", "rules"]
    assert rows[-1] == ("4 of 6 subjects may: 3 by rules, 1 complain mode only, 1 not confined")


def test_nobody(run: Run, policy: Path) -> None:
    result = run("who", policy, "capable", "kill", "--enforce", "--no-cache")
    assert result.output.splitlines()[-1].startswith("1 of 6 subjects may: 1 not confined")
    policy.write_text("profile none { }\n")
    result = run("who", policy, "capable", "kill", "--no-cache")
    assert (result.exit_code, result.stdout) == (1, "0 of 1 subjects may\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "missing OP"),
        (("capable", "kil"), "did you mean `kill`"),
        (("reed", "/a"), "did you mean `read`"),
        (("read",), "the object is missing"),
        (("read", "relative"), "relative"),
    ],
)
def test_wrong_questions(run: Run, policy: Path, words: tuple[str, ...], said: str) -> None:
    result = run("who", policy, *words, "--no-cache")
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_several_paths_are_one_policy(run: Run, policy: Path, tmp_path: Path) -> None:
    (tmp_path / "more").write_text("profile more { /srv/a r, }\n")
    words = ("--policy", policy, "--policy", tmp_path / "more", "--no-cache", "--format", "json")
    found = json.loads(run("who", *words, "read", "/srv/a").output)
    assert "more" in {one["subject"] for one in found}


def test_any_object_of_a_glob(run: Run, policy: Path) -> None:
    assert who(run, policy, "read", "/srv/*", "--pattern", "--enforce") == [
        ("free", "all", "unconfined"),
        ("lenient", "owner", "allow"),
        ("own", "owner", "allow"),
        ("rules", "all", "allow"),
    ]
    words = ("read", "/srv/{b,c}", "--pattern", "--enforce")
    assert [name for name, _, _ in who(run, policy, *words)] == ["free", "own"]
    result = run("who", policy, *words, "--no-cache", "--format", "json")
    examples = {one["subject"]: one["example"]["object"] for one in json.loads(result.output)}
    assert examples["own"] == "/srv/b"


def test_a_glob_agrees_with_each_object(run: Run, bundle: Path) -> None:
    """Whoever may read one of two files may read some file that a glob of both matches."""
    each = {
        one
        for path in ("/etc/shadow", "/etc/gshadow")
        for one, _, _ in who(run, bundle, "read", path)
    }
    assert {one for one, _, _ in who(run, bundle, "read", "/etc/{,g}shadow", "--pattern")} == each


def test_a_wrong_glob(run: Run, policy: Path) -> None:
    result = run("who", policy, "read", "/srv/{a", "--pattern", "--no-cache")
    assert (result.exit_code, result.stdout) == (2, "")


def test_what_cannot_be_decided_is_said(run: Run, tmp_path: Path) -> None:
    """Two profiles attach to each program, so neither is used."""
    path = tmp_path / "policy"
    path.write_text("profile a { /x/* px, }\nprofile y /x/* { }\nprofile z /x/* { }\n")
    result = run("who", path, "exec", "/x/*", "--pattern", "--no-cache")
    assert result.exit_code == 2
    assert result.stderr == "lsmc: error: `/x/*` is too complex to be decided exactly: narrow it\n"
    assert run("who", path, "exec", "/x/{a,b}", "--pattern", "--no-cache").exit_code == 1


def test_a_policy_that_is_not_there_is_not_taken_for_an_operation(run: Run) -> None:
    result = run("who", "nowhere", "read", "/srv/a")
    assert result.stderr == "lsmc: error: `nowhere`: no such file or directory\n"


def test_a_class_that_no_rule_is_asked_about(run: Run, policy: Path) -> None:
    rows = run("who", policy, "userns_create", "--no-cache").output.splitlines()
    assert rows[1] == "lenient  no rule is asked"
    assert rows[-1] == "6 of 6 subjects may: 5 no rule is asked, 1 not confined"
