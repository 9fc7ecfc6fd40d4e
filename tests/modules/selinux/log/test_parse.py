"""Records of SELinux in all the forms in which logs have them."""

from __future__ import annotations

import json
import time

import pytest

from lsmc.logs.merged import merged
from lsmc.logs.reader import LogChunk, LogReader
from lsmc.modules.apparmor.log.form import FORMAT as APPARMOR
from lsmc.modules.selinux.log.form import FORMAT
from lsmc.modules.selinux.log.record import Record

BODY = (
    'avc:  denied  { read write } for  pid=912 comm="web" name="db" dev="vda1" ino=40'
    " scontext=s_u:s_r:web_t:s0 tcontext=s_u:object_r:home_t:s0:c1 tclass=file permissive=0"
)
SHOWN = "type=AVC msg=audit(11/29/2026 11:40:44.369:7) : "
CUT = ": the record is cut off"
CONTEXTS = "scontext=a:b:c tcontext=d:e:f tclass=file"
CALL = (
    'type=SYSCALL msg=audit(17.123:441): syscall=257 success=no exit=-13 pid=912 comm="web"'
    ' exe="/usr/sbin/web" subj=s_u:s_r:web_t:s0 key=(null)\x1dARCH=x86_64'
)
CWD = 'type=CWD msg=audit(17.123:441): cwd="/srv"'
PATH = 'type=PATH msg=audit(17.123:441): item=0 name="app/db" obj=s_u:object_r:home_t:s0'
TITLE = "type=PROCTITLE msg=audit(17.123:441): proctitle=776562002D6B"


def read(*lines: str) -> list[Record]:
    text = "".join(line + "\n" for line in lines)
    reader = LogReader([LogChunk("a.log", [text.encode("utf-8", "surrogateescape")])], FORMAT)
    found = list(reader)
    assert reader.lines == len(lines)
    assert not reader.broken, reader.faults
    return found


def one(*lines: str) -> Record:
    (found,) = read(*lines)
    return found


@pytest.mark.parametrize(
    ("front", "serial", "epoch"),
    [
        ("type=AVC msg=audit(17.123:441): ", 441, 17),
        ("node=h type=AVC msg=audit(17.123:441): ", 441, 17),
        ("type=1400 audit(17.123:441): ", 441, 17),
        ("[   12.5] audit: type=1400 audit(17.123:441): ", 441, 17),
        ("Nov 29 11:40:31 h kernel: [  1.5] audit: type=1400 audit(17.123:441): ", 441, 17),
        ("Nov 29 11:40:31 h kernel: type=1400 audit(17.123:441): ", 441, 17),
        ("Nov 29 11:40:15 h audit[912]: AVC ", None, None),
        ("1970-01-01T00:00:17Z h audit[912]: AVC ", None, 17),
        ("type=AVC msg=audit(11/29/2026 11:40:44.369:441) : ", 441, None),
        ("type=AVC msg=audit(29/11/26 11:40:44.369:441) : ", 441, None),
    ],
)
def test_forms(front: str, serial: int | None, epoch: int | None) -> None:
    """A decision is the same whatever stands before it."""
    record = one(front + BODY)
    assert (record.audit_id, record.epoch) == (serial, epoch)
    assert record.perms == ("read", "write")
    assert (record.scontext, record.tcontext) == ("s_u:s_r:web_t:s0", "s_u:object_r:home_t:s0:c1")
    assert (record.class_, record.granted, record.permissive) == ("file", False, False)
    assert (record.pid, record.name, record.command) == (912, "db", "web")
    assert record.fields == (("comm", "web"), ("dev", "vda1"), ("ino", 40))
    assert (record.kind, record.outcome) == ("DENIED", "refused")


def test_journal() -> None:
    """The journal has type, time and number beside the message."""
    entry = {
        "MESSAGE": f"AVC {BODY}",
        "_TRANSPORT": "audit",
        "_AUDIT_TYPE_NAME": "AVC",
        "_AUDIT_ID": "441",
        "_SOURCE_REALTIME_TIMESTAMP": "17123000",
    }
    record = one(json.dumps(entry))
    assert (record.audit_id, record.epoch, record.class_) == (441, 17, "file")


def test_event() -> None:
    """The records of a system call tell what the decision does not: program, directory, path."""
    lines = ("type=AVC msg=audit(17.123:441): " + BODY, CALL, CWD, PATH, TITLE)
    record, other = read(*lines, "type=AVC msg=audit(17.124:442): " + BODY)
    assert record.paths == ("/srv/app/db",)
    assert record.path == "/srv/app/db"
    event = dict(record.event)
    assert (event["exe"], event["exit"], event["proctitle"]) == ("/usr/sbin/web", -13, "web -k")
    assert other.event == ()
    assert other.path is None


def test_event_of_another() -> None:
    """What belongs to another event, or to another module's record, is not joined."""
    assert one("type=AVC msg=audit(17.123:442): " + BODY, CALL).event == ()
    apparmor = 'type=AVC msg=audit(17.123:441): apparmor="DENIED" operation="open" name="/x"'
    assert read(apparmor, CALL) == []


@pytest.mark.parametrize(
    ("written", "name", "value"),
    [
        ('comm="a b"', "comm", "a b"),
        ("comm=6D7920776F726B6572", "comm", "my worker"),
        ("path=2F746D702F78C3A979", "path", "/tmp/xéy"),
        ("path=2F746D702FFF", "path", "/tmp/\udcff"),
        ("path=00616263", "path", "@abc"),
        ("ioctlcmd=0x5401", "ioctlcmd", "0x5401"),
        ("capability=21", "capability", 21),
        ("laddr=::1", "laddr", "::1"),
        ("netif=eth0", "netif", "eth0"),
        ("dest=99999999999999999999999", "dest", "9" * 23),
    ],
)
def test_values(written: str, name: str, value: str | int) -> None:
    """Texts in hexadecimal are decoded; what is no number stays as it is written."""
    record = one(f"type=AVC msg=audit(1.0:2): avc:  denied  {{ read }} for  {written} {CONTEXTS}")
    assert record.field(name) == value
    json.dumps(record.to_json())


def test_interpreted() -> None:
    """What `ausearch -i` shows has no quotes: a value ends before the next key."""
    head = f"{SHOWN}avc:  denied  {{ read }} for  "
    record = one(f'{head}pid=9 comm=my worker name=a b  dev="vda1" ino=4 {CONTEXTS} permissive=0')
    assert (record.command, record.name, record.pid) == ("my worker", "a b", 9)
    assert (record.field("dev"), record.field("ino"), record.class_) == ("vda1", 4, "file")


def test_granted_permissive_and_raw() -> None:
    """What was allowed, let through, or about a label that the policy does not know."""
    head = "type=AVC msg=audit(1.0:2): avc:  "
    assert one(f"{head}granted  {{ read }} for  {CONTEXTS}").kind == "GRANTED"
    assert one(f"{head}denied  {{ read }} for  {CONTEXTS}").permissive is None
    assert one(f"{head}denied  {{ read }} for  {CONTEXTS} permissive=1").outcome == "complained"
    record = one(f'{head}denied  {{ read }} for  {CONTEXTS} permissive=0 trawcon="u:r:gone_t"')
    assert record.raw_tcontext == "u:r:gone_t"
    assert record.remark == "the policy does not know the context `u:r:gone_t`"


def test_daemons() -> None:
    """A daemon's decision is within the kernel's record, or in the daemon's own log."""
    said = f'avc:  denied  {{ start }} for auid=n/a uid=0 cmdline="x y" {CONTEXTS} permissive=1'
    whole = (
        "type=USER_AVC msg=audit(1.0:2): pid=1 uid=0 auid=4294967295 subj=u:r:init_t"
        f" msg='{said}  exe=\"/usr/lib/systemd/systemd\" sauid=0 terminal=?'"
    )
    record = one(whole)
    assert record.event_type == "USER_AVC"
    assert record.pid is None  # it is the daemon's
    assert record.command == "x y"
    assert record.permissive
    assert one(f"Nov 29 11:40:15 h systemd[1]: SELinux {said}").class_ == "file"
    notice = "type=USER_AVC msg=audit(1.0:2): pid=1 msg='avc:  received policyload notice (seqno=2)"
    assert one(notice).outcome == "none"


def test_text_of_others_decides_nothing() -> None:
    """A command line that looks like a decision comes before the contexts that count."""
    record = one(
        "type=USER_AVC msg=audit(1.0:2): pid=1 msg='avc:  denied  { stop } for uid=1000"
        ' cmdline="x" scontext=evil tcontext=evil tclass=evil y"'
        f' {CONTEXTS} permissive=0 exe="/d"\''
    )
    assert (record.scontext, record.tcontext, record.class_) == ("a:b:c", "d:e:f", "file")
    quoting = (
        f"type=USER_CMD msg=audit(1.0:2): pid=1 msg='cmd=\"avc:  denied  {{ a }} {CONTEXTS}\"'"
    )
    assert read(quoting, f'Nov 29 11:40:15 h x[1]: said="avc:  denied  {{ a }} {CONTEXTS}"') == []


@pytest.mark.parametrize(
    ("body", "op", "label"),
    [
        (
            (
                'op=security_compute_sid invalid_context="u:r:t" scontext=a:b:c tcontext=d:e:f'
                " tclass=process"
            ),
            "security_compute_sid",
            "u:r:t",
        ),
        (
            (
                "security_compute_sid:  invalid context u:r:t for scontext=a:b:c tcontext=d:e:f"
                " tclass=process"
            ),
            "security_compute_sid",
            "u:r:t",
        ),
        (
            "op=security_bounded_transition seresult=denied oldcontext=a:b:c newcontext=d:e:f",
            "security_bounded_transition",
            None,
        ),
        (
            (
                "op=security_compute_av reason=bounds scontext=a:b:c tcontext=d:e:f tclass=dir"
                " perms=ioctl,read"
            ),
            "security_compute_av",
            None,
        ),
    ],
)
def test_errors(body: str, op: str, label: str | None) -> None:
    """What the kernel says of labels and bounds."""
    record = one(f"type=SELINUX_ERR msg=audit(1.0:2): {body}")
    assert (record.event_type, record.kind) == ("SELINUX_ERR", "ERROR")
    assert (record.field("op"), record.field("invalid_context")) == (op, label)
    assert (record.scontext, record.tcontext) == ("a:b:c", "d:e:f")
    assert record.perms == (("ioctl", "read") if "perms=" in body else ())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("avc:  denied  { read } for  pid=1", "it names no scontext: the record is cut off"),
        (
            "avc:  denied  { read } for scontext=a:b:c",
            "it names no tcontext: the record is cut off",
        ),
        (f"avc:  denied  {{  }} for  {CONTEXTS}", "it names no permission: the record is cut off"),
        (f"avc:  denied  {{ a:b }} for  {CONTEXTS}", "a class or permission is not a word"),
        ("avc: !", "no `{ PERMISSION }` behind `avc:`"),
    ],
)
def test_broken(body: str, reason: str) -> None:
    """A record that is cut off is reported with its place."""
    text = f"type=AVC msg=audit(1.0:2): {body}\n"
    reader = LogReader([LogChunk("a.log", [text.encode()])], FORMAT)
    assert list(reader) == []
    (fault,) = reader.faults
    assert fault.record.event_type == "INVALID"
    assert (fault.reason, fault.source.line, fault.record.audit_id) == (reason, 1, 2)


@pytest.mark.parametrize("front", ["type=AVC msg=audit(1.0:2): ", SHOWN])
@pytest.mark.parametrize(
    "text",
    ["a" * 200_000, "a=" + " " * 200_000 + "b!", "a= " * 60_000, 'a="' * 60_000, "= b" * 60_000],
)
def test_no_text_takes_long(front: str, text: str) -> None:
    """Lines of strangers are read in time that grows with their length alone."""
    start = time.process_time()
    one(f"{front}avc:  denied  {{ read }} for  {text} {CONTEXTS}")
    assert time.process_time() - start < 2


def test_alike() -> None:
    """Records that differ in time, number, process, name and port are told apart."""
    text = 'type=AVC msg=audit(%d.0:%d): avc:  denied  { read } for  pid=%d comm="w" name="f%d" '
    lines = [text % (n, n + 1, n + 2, n) + f"lport={n + 3} {CONTEXTS}" for n in range(1, 5)]
    for n, record in enumerate(read(*lines), 1):
        assert (record.epoch, record.audit_id, record.pid) == (n, n + 1, n + 2)
        assert (record.name, record.lport) == (f"f{n}", n + 3)


def test_mixed() -> None:
    """A log with records of several modules is read in one pass."""
    apparmor = 'type=AVC msg=audit(%d.0:3): apparmor="DENIED" operation="open" name="/x" pid=1'
    lines = (apparmor % 1, "type=AVC msg=audit(17.123:441): " + BODY, CALL, apparmor % 2, "x")
    # a daemon's text does not make one module's record another's
    odd = f"type=AVC msg=audit(3.0:3): avc:  denied  {{ read }} for  apparmor= {CONTEXTS}"
    text = "".join(line + "\n" for line in (*lines, odd))
    reader = LogReader([LogChunk("a", [text.encode()])], merged([APPARMOR, FORMAT]))
    assert [(type(one) is Record, one.epoch) for one in reader] == [
        (False, 1),
        (True, 17),
        (False, 2),
        (True, 3),
    ]
    assert (reader.used, reader.skipped, reader.broken) == (5, 1, 0)
