"""`lsmc log`: records on standard output, everything else on standard error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lsmc.cli.commands.log import command
from lsmc.cli.group import cli

MIXED = Path(__file__).parent / "golden" / "mixed.log"


def run(*arguments: str, text: bytes | None = None) -> Result:
    assert command.name == "log"
    return CliRunner().invoke(cli, ["log", *arguments], input=text)


def test_jsonl() -> None:
    """One object a record, broken ones too; faults and counts on standard error."""
    result = run(str(MIXED))
    assert result.exit_code == 2
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(found) == 9
    assert found[0]["name"] == "/var/lib/demo/my file"
    assert found[0]["source"] == {"file": str(MIXED), "line": 2}
    assert [one["source"]["line"] for one in found if one["event_type"].endswith("INVALID")] == [10]
    assert f"{MIXED}:10: error: " in result.stderr
    assert result.stderr.endswith("11 lines: 8 used, 2 skipped, 1 broken\n")


def test_text_is_safe() -> None:
    """Nothing in a log reaches the terminal as it is."""
    hostile = (
        b'type=AVC msg=audit(1.2:3): apparmor="DENIED" operation="open" name="\x1b[2J\\\r<b>"'
        b" comm=1B5D30\n"
    )
    result = run("-", "--format", "text", text=hostile)
    assert result.exit_code == 0
    assert "\x1b" not in result.output
    assert "\r" not in result.output
    assert 'name="\\x1b[2J\\\\x0d<b>"' in result.stdout
    assert "\x1b" not in run("-", text=hostile).stdout


def test_unreadable(tmp_path: Path) -> None:
    """A missing file is exit status 2."""
    result = run(str(tmp_path / "none"))
    assert result.exit_code == 2
    assert "no such file" in result.stderr


def test_no_record() -> None:
    """A log without a record shows what stands in it."""
    result = run("-", text=b"type=LOGIN msg=audit(1.2:3): pid=4\n")
    assert json.loads(result.stdout)["operation"] == "LOGIN"
    assert result.stderr == "1 line: 0 used, 1 skipped, 0 broken\n"
    nothing = run("-", "--format", "text", text=b"hello\n")
    assert (nothing.exit_code, nothing.stdout) == (0, "")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            "type=AVC msg=audit(07/01/25 10:00:00.123:456) : apparmor=DENIED operation=open",
            "ausearch --raw",
        ),
        ("DENIED  app open /x comm=x requested_mask=r denied_mask=r", "aa-log"),
        ("h dbus-daemon[1]: An AppArmor policy prevents this sender from sending", "bus daemon"),
        ('{"log": "audit: apparmor=\\"DENIED\\" operation=\\"open\\""}', "no record"),
        ('h x: key="apparmor="DENIED" operation="open""', "no record"),
    ],
)
@pytest.mark.parametrize("form", ["text", "jsonl"])
def test_text_on_apparmor_that_is_not_read(line: str, reason: str, form: str) -> None:
    """It is counted, shown with its place and reason, and fails the run."""
    good = 'type=AVC msg=audit(1.2:3): apparmor="DENIED" operation="open" name="/x"\n'
    result = run("-", "--format", form, text=f"{good}{line}\n".encode())
    assert result.exit_code == 2
    assert "-:2: error: " in result.stderr
    assert reason in result.stderr
    assert result.stderr.endswith("2 lines: 1 used, 0 skipped, 1 broken\n")
    assert result.stdout.count("\n") == 1
    alone = run("-", "--format", form, text=f"{line}\n".encode())
    assert (alone.exit_code, alone.stdout) == (2, "")
