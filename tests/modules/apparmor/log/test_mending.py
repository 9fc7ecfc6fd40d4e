"""Lines that a transport damaged: read where what they said is certain, else named."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc.logs.envelope import unwrap
from lsmc.logs.reader import LogReader
from lsmc.logs.record import LogError
from lsmc.modules.apparmor.log.form import FORMAT
from lsmc.modules.apparmor.log.mending import read_message, speaks
from lsmc.modules.apparmor.log.record import Record

HEAD = "type=AVC msg=audit(1700000000.123:45): "
REST = 'apparmor="DENIED" operation="open" profile="app" name="/etc/x" fsuid=7 ouid=8'
LINE = HEAD + REST
DBUS = 'apparmor="DENIED" operation="dbus_bind" bus="system" name="a.b" mask="bind" label="app"'


def read(line: str) -> Record | None:
    message = unwrap(line)
    assert message is not None
    return read_message(message)


WHOLE = read(LINE)


@pytest.mark.parametrize(
    "shown",
    ["", "^]", "#035", "\\x1d", "\\035", "\\u001d", "<1D>", "\u241d", "\ufffd", " ", "\x1d", " ^]"],
)
@pytest.mark.parametrize("names", ['FSUID="root" OUID="joe"', 'OUID="joe"', 'UID="x" AUID="unset"'])
def test_names_that_auditd_added(shown: str, names: str) -> None:
    """The byte before them may be lost or shown in other ways."""
    assert read(LINE + shown + names) == WHOLE


@pytest.mark.parametrize(
    ("last", "field", "value"),
    [
        ('peer="q"', "peer", "q"),
        ("signal=term", "signal", "term"),
        ("target=2F610A", "name2", "/a\n"),
        ("lport=80", "local_port", 80),
        ("laddr=::1", "local_addr", "::1"),
        ('capname="net_admin"', "name", "net_admin"),
    ],
)
@pytest.mark.parametrize("after", ["", 'FSUID="root"', '^]FSUID="r"', ".", ",", "'", '"', ")."])
def test_the_last_value(last: str, field: str, value: object, after: str) -> None:
    """Whatever the last value is, what runs into it is not part of it."""
    record = read(f"{LINE} {last}{after}")
    assert record is not None
    assert getattr(record, field) == value


@pytest.mark.parametrize("after", [*"'\"`.,;)]}>", "'.", '",', "**", "...", "\u201d."])
def test_what_follows_in_a_sentence(after: str) -> None:
    assert read(LINE + after) == WHOLE


@pytest.mark.parametrize(
    "line",
    [
        f"'{LINE}'",
        f'"{LINE}"',
        f"`{LINE}`",
        f"x '{LINE}",
        f"denied: '{LINE}', see above",
        f"'Jan  1 15:09:04 host kernel: audit: {LINE}'",
        f"> {LINE}",
        f"\x1b[1m{LINE}\x1b[0m",
        LINE.replace("apparmor", "\x1b[01;31m\x1b[Kapparmor\x1b[m\x1b[K"),
        LINE.replace('"', '\\"'),
        f"'{LINE.replace(chr(34), chr(92) + chr(34))}'",
    ],
)
def test_quoted_and_coloured(line: str) -> None:
    if "see above" in line:  # words after the record are not known to be none of it
        with pytest.raises(LogError):
            read(line)
    else:
        assert read(line) == WHOLE


@pytest.mark.parametrize("line", [LINE, f"audit: {LINE}"])
def test_fields_of_the_journal(line: str) -> None:
    """`journalctl -o verbose` writes a field a line; others repeat the message."""
    assert read(f"    MESSAGE={line}") == WHOLE
    assert read(f"    SYSLOG_RAW=<5>{line}") is None
    assert read('    _CMDLINE=grep apparmor="DENIED"') is None
    record = read(f"    MESSAGE=AVC {REST}")
    assert WHOLE is not None
    assert record == WHOLE._replace(audit_id=None, epoch=None, audit_subid=None)


def test_a_quoted_record_of_a_bus_daemon() -> None:
    assert read(f"h dbus-daemon[1]: '{DBUS}'") == read(DBUS)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (LINE.replace("1700000000.123:45", "07/01/25 10:00:00.123:456") + " ", "ausearch"),
        (
            "type=AVC msg=audit(01.07.2025 10:00:00.1:4) : apparmor=DENIED operation=open",
            "ausearch",
        ),
        ("DENIED  app open owner /x comm=x requested_mask=r denied_mask=r", "aa-log"),
        ("\x1b[1mALLOWED\x1b[0m app dbus_bind org.a bus=session mask=bind label=app", "aa-log"),
        ("An AppArmor policy prevents this sender from sending this message; x=1", "bus daemon"),
        ("x apparmor=&quot;DENIED&quot; operation=&quot;open&quot;", "no kind of event"),
        ("x apparmor=\u201cDENIED\u201d operation=\u201copen\u201d", "no kind of event"),
        ('a="b" apparmor="DENIED" operation="open"', "no record"),
        (f'{HEAD}apparmor="DENIED"', "names no operation"),
        (f'{HEAD}apparmor="DENIED" operation="open" class="file"', "names no profile"),
        (f'{HEAD}apparmor="DENIED" operation="open" name="/etc/x', "no `key=value`"),
        (f'{HEAD}apparmor="DENIED" operation="open" pid=x', "`pid` is not a number"),
    ],
)
def test_text_that_is_not_read(line: str, reason: str) -> None:
    """It is an error with what to do, never passed over."""
    with pytest.raises(LogError) as caught:
        read(line)
    assert reason in caught.value.reason
    assert caught.value.record.event_type == "AA_RECORD_INVALID"


@pytest.mark.parametrize(
    "line",
    [
        "kernel: AppArmor: AppArmor initialized",
        "kernel: Command line: BOOT_IMAGE=/vmlinuz apparmor=1 security=apparmor",
        "kernel: LSM: initializing lsm=lockdown,capability,yama,apparmor",
        "systemd[1]: Starting apparmor.service - Load AppArmor profiles...",
        "nginx: ACCESS DENIED for bob comm=x",
        'sudo: joe : TTY=pts/0 ; COMMAND=/usr/bin/grep apparmor="DENIED" /var/log/syslog',
        'type=USER_CMD msg=audit(1.2:3): pid=1 msg=\'cmd="grep apparmor="DENIED""\'',
        'type=EXECVE msg=audit(1.2:3): argc=2 a0="grep" a1=apparmor="DENIED"',
        "postfix/smtpd[1]: NOQUEUE: reject: DENIED by policy mask=3",
    ],
)
def test_other_programs(line: str) -> None:
    """What names AppArmor, or quotes a record in a command, is nobody's decision."""
    assert not speaks(line)
    assert read(line) is None


def test_lines_are_counted(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(
        f"kernel: AppArmor: AppArmor initialized\n{LINE}.\nDENIED  a open /x comm=x mask=r\n"
        'h dbus: An AppArmor policy prevents this sender\n{"_X": 1}\n'
    )
    reader = LogReader([str(log)], FORMAT)
    assert [record.ouid for record in reader] == [8]
    assert (reader.used, reader.skipped, reader.broken) == (1, 2, 2)
    assert [fault.source.line for fault in reader.faults] == [3, 4]
