"""`lsmc learn` as a command: where it writes, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.modules.apparmor.learn.support import file


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log"
    path.write_text(file("/usr/bin/new", "/srv/a") + "\n")
    return path


def test_a_new_profile_is_written_beside_the_file_of_policy(
    run: Run, tmp_path: Path, log: Path
) -> None:
    policy = tmp_path / "own" / "policy"
    policy.parent.mkdir()
    policy.write_text("profile other { }\n")
    (tmp_path / "base").mkdir()
    base = ("--base", tmp_path / "base")
    result = run("learn", policy, "--log", log, "--write", "--no-cache", *base)
    assert result.exit_code == 0, result.stderr
    assert sorted(path.name for path in policy.parent.iterdir()) == ["policy", "usr.bin.new"]
    assert list((tmp_path / "base").iterdir()) == []


@pytest.mark.parametrize("name", ['a b"', "a\nb"])
def test_a_name_that_policy_cannot_write(run: Run, log: Path, name: str) -> None:
    result = run("learn", "--log", log, "--name", name)
    assert result.exit_code == 2
    assert result.stderr.endswith("is not a name that policy can write\n")
    assert result.stdout == ""
