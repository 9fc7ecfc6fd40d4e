"""Logs: read, decoded, grouped into causes, and diagnosed."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
from collections.abc import Iterable
from functools import cache

from lsmc.explain.diagnosis import Explained, diagnose
from lsmc.explain.log_groups import Causes
from lsmc.logs.envelope import unwrap
from lsmc.logs.reader import LogReader, UnreadableLog
from lsmc.logs.record import LogError
from lsmc.modules.apparmor.log.form import FORMAT
from lsmc.modules.apparmor.log.grouping import GROUPING
from lsmc.modules.apparmor.log.mending import read_message
from lsmc.modules.apparmor.log.parse import foreign
from lsmc.modules.apparmor.log.questions import QUESTIONS
from lsmc.modules.apparmor.log.record import Record
from lsmc.modules.apparmor.log.request import asked
from lsmc.output.causes import cause_json
from lsmc.output.json import dumps
from lsmc.policy import Policy
from tests.fuzz.target import Target, words
from tests.fuzz.targets import batch
from tests.places import ROOT

SAMPLES = (
    (
        'type=AVC msg=audit(1.002:3): apparmor="DENIED" operation="open" class="file" profile="/p"'
        ' name="/x" pid=1 comm=4142 requested_mask="wc" denied_mask="wc" fsuid=0 ouid=0\n'
    ),
    (
        'Jan  1 15:09:04 h kernel: [1.234567] audit: type=1400 audit(1.002:3): apparmor="ALLOWED"'
        ' operation="sendmsg" laddr=::1 family="inet6" sock_type="stream" protocol=6 error=-1'
    ),
    (
        'type=USER_AVC msg=audit(1.2:3): pid=1 msg=\'apparmor="DENIED" operation="dbus_bind"'
        ' bus="system" name="a.b" mask="bind" hostname=? terminal=?\''
    ),
    (
        'type=USER_AVC msg=audit(1.2:4): pid=1 msg=\'apparmor="DENIED" operation="dbus_bind"'
        ' bus="system" name="a.b"\n  mask="bind"\n hostname=?\''
    ),
    '{"MESSAGE": "audit: type=1400 audit(1.2:3): apparmor=\\"DENIED\\" signal=term peer=\\"q\\""}',
    'type=UNKNOWN[1503] msg=audit(1.2:3): operation="capable" name="setuid" task=1',
    (
        '> type=AVC msg=audit(1.2:3): apparmor="DENIED" operation="mount" info="failed flags\n'
        '> match" error=-13 profile="files" name="/m\n> /n/"\n> fstype="x" flags="rw, nosuid"\n'
    ),
    (
        'x \'audit: type=1400 audit(1474720530785:3): apparmor="DENIED" operation="link"'
        ' profile="files" denied_mask="m" name="/x/a" target=2F610AFF ouid=0^]FSUID="root"\'.'
    ),
    "DENIED  files open /x/a comm=x requested_mask=r\nAn AppArmor policy prevents this sender",
    "type=AVC msg=audit(07/01/25 10:00:00.1:4) : apparmor=DENIED operation=open profile=files",
    '    MESSAGE=AVC apparmor=\\"DENIED\\" operation=\\"bind\\" addr=\\"@6100\\"',
    '__CURSOR=a\nMESSAGE=apparmor="DENIED"\nMESSAGE\n\x05\0\0\0\0\0\0\0hello\n\n',
)
PACKED = (b"\x1f\x8b", b"\xfd7zXZ\0", b"BZh", b"\x28\xb5\x2f\xfd")
KEYS = words(
    "operation class profile name name2 target pid comm requested_mask denied_mask fsuid ouid "
    "family sock_type protocol laddr faddr lport fport addr peer peer_addr peer_profile peer_label "
    "signal capability capname bus path interface member mask info error src_name srcname fstype "
    "flags rlimit value namespace label execpath parent task requested denied"
)
WORDS = (
    *(key + b"=" for key in KEYS),
    *words(
        'apparmor="DENIED" apparmor="ALLOWED" apparmor="AUDIT" apparmor="STATUS" apparmor="KILLED" '
        'profile="files" profile="files//kid" "inet" "stream" "open" "exec" "mknod" "bind" "kill" '
        'audit(1.2:3): type=1400 type=AVC type=USER_AVC msg=\' "MESSAGE": __CURSOR= _AUDIT_ID= '
        'namespace="root//n" profile="unconfined" execpath= ^] #035 '
        "\\x1b[31m \\040 4142 -1 99999999999999999999 //null-/bin/x node=a []"
    ),
    b'info="no new privs" error=-1',
    b'info="Failed name lookup - deleted entry" error=-2',
    b"\x1d",
    b"\0",
    b"\xff",
)


def seeds() -> Iterable[bytes]:
    """A line of each transport and operation, and whole logs, packed too."""
    mixed = (ROOT / "tests/logs/golden/mixed.log").read_bytes()
    for text in SAMPLES:
        yield text.encode()
    yield from mixed.splitlines(keepends=True)
    yield mixed
    for pack in (gzip.compress, lzma.compress, bz2.compress):
        yield pack(mixed)
    for name, cls, more in (
        ("exec", "file", 'name="/x/e" requested_mask="x" denied_mask="x" fsuid=0 ouid=1'),
        ("signal", "signal", 'requested_mask="send" denied_mask="send" signal=kill peer="q"'),
        ("ptrace", "ptrace", 'requested_mask="read" denied_mask="read" peer="q"'),
        ("mount", "mount", 'name="/m/" fstype="ext4" srcname="/dev/x" flags="rw, bind"'),
        ("capable", "cap", 'capability=5  capname="kill"'),
        ("create", "net", 'family="inet" sock_type="stream" protocol=6 requested_mask="create"'),
        ("change_profile", "", 'name="files//kid" info="label not found" error=-2'),
        ("setrlimit", "rlimits", "rlimit=nofile value=9 requested=9"),
    ):
        head = f'type=AVC msg=audit(1.2:3): apparmor="DENIED" operation="{name}" class="{cls}" '
        yield f'{head}profile="files" pid=7 comm="a b" {more}\n'.encode()


def check(text: str) -> None:
    """A line is a record, somebody else's, or a `LogError`."""
    try:
        message = unwrap(text)
        record = (read_message(message) if message is not None else None) or foreign(text)
    except LogError as fault:
        record = fault.record
    json.loads(json.dumps(record.to_json()))
    assert isinstance(asked(record).requests, tuple)


def check_counts(reader: LogReader, data: bytes) -> None:
    """Every line of a log that is not an export of the journal was used, skipped or broken."""
    if b"__CURSOR=" not in data:
        assert reader.lines == data.count(b"\n") + (data[-1:] not in (b"\n", b"")), "lines are lost"


@cache
def _policy() -> Policy:
    return batch.policy()


def run(data: bytes) -> None:
    """Every line is counted, every record is said in JSON, and every cause is explained."""
    causes = Causes(GROUPING)
    file = os.memfd_create("log")
    try:
        os.write(file, data)
        reader = LogReader([f"/proc/self/fd/{file}"], FORMAT)
        try:
            for entry in reader.entries():
                record = entry if isinstance(entry, Record) else entry.record
                json.loads(dumps(record.to_json()))
                causes.add(record)
            if not data.startswith(PACKED):
                check_counts(reader, data)
        except UnreadableLog:
            pass
    finally:
        os.close(file)
    for diagnosis in diagnose(QUESTIONS, _policy().engine, causes.sorted()):
        dumps(cause_json(Explained(diagnosis, ())))
    check(data.decode("utf-8", "surrogateescape"))


TARGET = Target("log", run, seeds, WORDS)
