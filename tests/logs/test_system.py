"""The logs of a system, below a root directory and from a journal of the test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lsmc.logs.reader import LogReader, UnreadableLog
from lsmc.logs.system import Command, journal, output_of, system_logs
from lsmc.modules.apparmor.log.form import FORMAT

RECORD = 'audit: type=1400 audit(1.002:3): apparmor="DENIED" operation="open" name="/x" pid=1'


def journalctl(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> Path:
    """A program of this name that is the only one to be found; it notes its words in `asked`."""
    program = folder / "bin" / "journalctl"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\necho "$*" >> {folder}/asked\n{text}')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    return folder / "asked"


@pytest.fixture
def entry(tmp_path: Path) -> str:
    """Shell text that prints a journal entry with a record."""
    path = tmp_path / "entry.json"
    path.write_text(json.dumps({"MESSAGE": RECORD, "_TRANSPORT": "kernel"}) + "\n")
    return f'while read -r row; do echo "$row"; done < {path}\n'


@pytest.fixture
def var_log(tmp_path: Path) -> Path:
    folder = tmp_path / "root" / "var" / "log"
    folder.mkdir(parents=True)
    return folder


def test_the_journal_is_read_from_the_last_start(
    tmp_path: Path, var_log: Path, entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (var_log / "kern.log").write_text(RECORD)
    asked = journalctl(tmp_path, monkeypatch, entry)
    found = system_logs(str(tmp_path / "root"))
    assert [getattr(log, "name", log) for log in found.logs] == ["journal"]
    (record,) = LogReader(found.logs, FORMAT)
    assert (record.name, record.source) == ("/x", ("journal", 1))
    words = asked.read_text().split("\n")[-2].split()
    assert {"--boot", "--output=json", "_TRANSPORT=kernel"} <= set(words)
    assert "_TRANSPORT=audit" not in words  # the same records again
    assert any(word.startswith("--lines=") for word in words)


def test_the_journal_is_read_from_a_time(
    tmp_path: Path, entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    journalctl(tmp_path, monkeypatch, entry)
    command = journal(1_700_000_000.5)
    assert command is not None
    assert "--since=@1700000000" in command.words
    assert "--boot" not in command.words


@pytest.mark.parametrize("text", ["exit 1\n", "exit 0\n"])
def test_without_a_journal_the_kernels_log_is_read(
    text: str, tmp_path: Path, var_log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journalctl(tmp_path, monkeypatch, text)
    for name in ("kern.log", "kern.log.1", "syslog"):
        (var_log / name).write_text(RECORD)
    expected = [str(var_log / "kern.log.1"), str(var_log / "kern.log")]
    assert list(system_logs(str(tmp_path / "root")).logs) == expected
    monkeypatch.setenv("PATH", str(tmp_path))
    assert list(system_logs(str(tmp_path / "root")).logs) == expected


def test_the_audit_daemons_log_comes_with_what_the_kernel_logged_itself(
    tmp_path: Path, var_log: Path, entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    journalctl(tmp_path, monkeypatch, entry)
    (var_log / "audit").mkdir()
    (var_log / "audit" / "audit.log").write_text(RECORD)
    logs = system_logs(str(tmp_path / "root")).logs
    assert [getattr(log, "name", log) for log in logs] == [
        str(var_log / "audit" / "audit.log"),
        "journal",
    ]


def test_a_log_that_may_not_be_read_is_told(
    tmp_path: Path, var_log: Path, entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the journal may have what the kernel gave to the audit daemon."""
    journalctl(tmp_path, monkeypatch, entry)
    (var_log / "audit").mkdir()
    (var_log / "audit" / "audit.log").write_text(RECORD)
    monkeypatch.setattr("lsmc.logs.system._readable", lambda _: False)  # as root all can be
    found = system_logs(str(tmp_path / "root"))
    assert found.unreadable == ((str(var_log / "audit" / "audit.log"), "permission denied"),)
    (command,) = found.logs
    assert isinstance(command, Command)
    assert "_TRANSPORT=audit" in command.words


def test_nothing_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert system_logs(str(tmp_path)) == ((), ())


def test_a_command_that_fails_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journalctl(tmp_path, monkeypatch, f"echo '{RECORD}'\nexit 3\n")
    command = journal(None)
    assert command is not None
    with pytest.raises(UnreadableLog, match="failed with status 3"):
        list(LogReader([command], FORMAT))
    with pytest.raises(UnreadableLog):
        list(LogReader([Command("gone", "", ("/no/such/program",))], FORMAT))


def test_a_command_ends_with_its_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journalctl(tmp_path, monkeypatch, "while :; do echo x; done\n")
    endless = output_of(Command("journal", "", ("journalctl",)))
    assert endless.__enter__().readline() == b"x\n"
    assert not endless.__exit__(KeyError, KeyError(), None)
