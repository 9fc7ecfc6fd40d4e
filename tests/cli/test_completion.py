"""What the shell offers for a word of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from lsmc.cli.group import cli


def offered(line: str) -> list[str]:
    """The words that complete the last word of a command line."""
    words = line.split(" ")
    found = ShellComplete(cli, {}, "lsmc", "_LSMC_COMPLETE").get_completions(words[:-1], words[-1])
    return [item.value for item in found]


def test_subjects_of_a_bundle(bundle: Path) -> None:
    assert offered(f"query {bundle} ng") == ["nginx", "nginx//cgi"]
    assert offered(f"show {bundle} sand") == ["sandbox", "sandbox//program"]


def test_subjects_of_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "p").write_text("profile mailer /bin/mailer { }\n")
    assert offered(f"explain {tmp_path / 'p'} m") == ["mailer"]


def test_operations_follow_the_subject(bundle: Path) -> None:
    assert offered(f"query {bundle} nginx mo") == ["mount"]
    assert offered("ops dbus_s") == ["dbus_send"]


def test_policy_that_cannot_be_read_offers_nothing(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("profile {\n")
    assert offered(f"query {tmp_path / 'p'} m") == []
    assert offered(f"query {tmp_path / 'none'} m") == []


def test_codes() -> None:
    assert "LSM101" in offered("rule LSM10")
    assert "LSM102,LSM101" in offered("lint --select LSM102,LSM10")
