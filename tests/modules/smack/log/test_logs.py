"""Records of Smack in their forms: what is read, what they ask, and the rows that they want."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsmc.logs.envelope import Envelope, unwrap
from lsmc.logs.record import LogError
from lsmc.modules.smack.log.form import FORMAT
from lsmc.modules.smack.log.parse import read_message
from lsmc.modules.smack.log.record import Record
from tests.cli.conftest import Run, run

__all__ = ["run"]

HEAD = "audit: type=1400 audit(1767312400.010:82): "
DENIED = (
    "lsm=SMACK fn=smack_inode_permission action=denied"
    ' subject="App" object="System" requested=w pid=20 comm="player" name="db" dev="sda" ino=7'
)


def _read(line: str) -> Record | None:
    message = unwrap(line)
    return None if message is None else read_message(message)


@pytest.mark.parametrize(
    "head",
    [
        HEAD,
        "[   12.5] audit: type=1400 audit(1767312400.010:82): ",
        "Jan  2 00:06:40 host kernel: audit: type=1400 audit(1767312400.010:82): ",
        "type=AVC msg=audit(1767312400.010:82): ",
        "node=host type=1400 msg=audit(1767312400.010:82): ",
        "<5>[ 1.2] <audit-1400> audit(1767312400.010:82): ",
    ],
)
def test_headers(head: str) -> None:
    record = _read(head + DENIED)
    assert record is not None
    assert (record.kind, record.outcome) == ("DENIED", "refused")
    assert (record.subject, record.object, record.mask) == ("App", "System", "w")
    assert (record.epoch, record.audit_id, record.pid) == (1767312400, 82, 20)
    assert (record.command, record.name) == ("player", "db")
    assert dict(record.fields) == {"dev": "sda", "ino": 7}


@pytest.mark.parametrize(
    ("text", "mask", "kind", "rest"),
    [
        ('subject="App" object="App" labels_differ pid=1 comm="a" ipc_key=0 ', "", "DENIED", {}),
        ('subject="A" object="B" requested=r(US) pid=1 comm="a"', "r", "UNCONFINED", {}),
        ('subject="A" object="B" requested=rw pid=1 comm=612062', "rw", "DENIED", {}),
        (
            'subject="A" object="B" requested=w pid=1 comm="a" opid=95 ocomm="b"',
            "w",
            "DENIED",
            {"opid": 95, "ocomm": "b"},
        ),
        (
            'subject="A" object="B" requested=l pid=1 comm="a" path=2F612062 dev="s" ino=1',
            "l",
            "DENIED",
            {"path": "/a b"},
        ),
        (
            'subject="A" object="B" requested=w pid=1 comm="a" saddr=10.0.0.1 src=80 netif=lo',
            "w",
            "DENIED",
            {"saddr": "10.0.0.1", "src": 80, "netif": "lo"},
        ),
    ],
)
def test_forms(text: str, mask: str, kind: str, rest: dict[str, object]) -> None:
    record = _read(f"{HEAD}lsm=SMACK fn=smack_x action=denied {text}")
    assert record is not None
    assert (record.mask, record.kind) == (mask, kind)
    found = record.to_json()
    assert rest.items() <= found.items()


@pytest.mark.parametrize(
    ("line", "kind", "fields"),
    [
        ("(App Sys rw) inode=(tmpfs 10) sh", "BRINGUP", {"ino": 10, "command": "sh"}),
        ("(App Sys r) file=(tmpfs 10 f.Sys) sh", "BRINGUP", {"name": "f.Sys", "dev": "tmpfs"}),
        ("(App Sys r) sh to top", "BRINGUP", {"command": "sh", "ocomm": "top"}),
        ("(App Sys w) UDS connect", "BRINGUP", {"operation": "UDS connect"}),
        ("(App Usr -) sh svipc", "BRINGUP", {"mask": "", "operation": "svipc"}),
    ],
)
def test_what_is_reported(line: str, kind: str, fields: dict[str, object]) -> None:
    record = _read(f"[   5.1] Smack Bringup: {line}")
    assert record is not None
    assert (record.kind, record.subject) == (kind, "App")
    assert fields.items() <= record.to_json().items()
    for what, label in (("Subject", "subject"), ("Object", "object")):
        record = _read(f"Smack Unconfined {what}: {line}")
        assert record is not None
        assert (record.kind, record.outcome, record.unconfined) == (
            *("UNCONFINED", "complained", label),
        )


@pytest.mark.parametrize(
    "text",
    [
        "lsm=SMACK fn=smack_x action=denied",
        'lsm=SMACK fn=smack_x action=denied subject="A" object="B" requested=q',
        'lsm=SMACK fn=smack_x action=maybe subject="A" object="B" requested=r',
    ],
)
def test_a_record_that_is_cut_off(text: str) -> None:
    with pytest.raises(LogError):
        _read(HEAD + text)


@pytest.mark.parametrize(
    "line",
    [
        'audit: type=1107 audit(1.000:1): msg="lsm=SMACK fn=x action=denied"',
        'host app: said="Smack Bringup: (A B r) sh"',
        "nothing of the kind",
    ],
)
def test_what_others_write_is_theirs(line: str) -> None:
    try:
        record = _read(line)
    except LogError:
        record = None
    assert record is None or record.bare


EVENT = f"""{HEAD}{DENIED}
audit: type=1300 audit(1767312400.010:82): arch=c000003e syscall=257 exe="/bin/player" uid=5
audit: type=1307 audit(1767312400.010:82): cwd="/data"
audit: type=1302 audit(1767312400.010:82): item=0 name="/data/" inode=2 obj=_ nametype=PARENT
audit: type=1302 audit(1767312400.010:82): item=1 name="db" inode=7 obj=System nametype=NORMAL
audit: type=1302 audit(1767312400.010:83): item=0 name="other" inode=7
"""
POLICY = "App System r\nApp User rwx\n"


def test_the_records_of_an_event_are_one(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(EVENT)
    result = run("log", log, "--module", "smack", "--format", "jsonl")
    (line,) = result.stdout.splitlines()
    found = json.loads(line)
    assert found["path"] == "/data/db"
    assert found["event"] == {"cwd": "/data", "exe": "/bin/player", "syscall": 257, "uid": 5}
    assert "6 lines: 5 used, 1 skipped, 0 broken" in result.stderr


def test_denials_of_a_pair_want_one_row(run: Run, tmp_path: Path) -> None:
    """The last row counts, so that two rows for a pair would be one too many."""
    log, policy = tmp_path / "log", tmp_path / "p.smack"
    policy.write_text(POLICY)
    other = DENIED.replace("requested=w", "requested=x").replace("inode_permission", "file_open")
    new = DENIED.replace('object="System"', 'object="Shared"')
    log.write_text(f"{HEAD}{DENIED}\n{HEAD}{other}\n{HEAD}{new}\n")
    result = run("explain", policy, "--log", log, "--format", "jsonl")
    rows = {
        (cause["record"]["object"], one["rule"], one["kind"])
        for cause in map(json.loads, result.stdout.splitlines())
        for one in cause["suggestions"]
    }
    assert rows == {("System", "App System rwx", "mend"), ("Shared", "App Shared w", "exact")}
    patch = run("explain", policy, "--log", log, "--patch").stdout
    changed = [one for one in patch.splitlines() if one[:1] in "+-" and one[1:2] not in "+-"]
    assert changed == ["-App System r", "+App System rwx", "+App Shared w"]
    policy.write_text("App System rwx\nApp User rwx\nApp Shared w\n")
    again = run("explain", policy, "--log", log)
    assert again.exit_code == 0
    assert "the running policy is older than these files" in again.stdout


@given(st.text(max_size=80), st.text(max_size=40))
def test_any_text_is_read_or_refused(before: str, after: str) -> None:
    for text in (
        f"{HEAD}{DENIED} {after}",
        f"{before}{DENIED}",
        f"{before} Smack Bringup: {after}",
    ):
        with contextlib.suppress(LogError):
            read_message(Envelope(text.replace("\n", " ")))
        FORMAT.worth_reading(text.encode("utf-8", "surrogatepass"))
