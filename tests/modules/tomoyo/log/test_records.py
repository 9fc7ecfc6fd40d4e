"""Records of the audit interface and of the kernel log."""

from __future__ import annotations

import pytest

from lsmc.explain.diagnosis import diagnose
from lsmc.explain.log_groups import Cause
from lsmc.logs.envelope import Envelope
from lsmc.logs.reader import LogChunk, LogReader
from lsmc.logs.record import LogError
from lsmc.modules.tomoyo.log.form import FORMAT
from lsmc.modules.tomoyo.log.grouping import GROUPING, about
from lsmc.modules.tomoyo.log.parse import read_message
from lsmc.modules.tomoyo.log.questions import QUESTIONS
from lsmc.modules.tomoyo.remedies import explained
from tests.modules.tomoyo.support import domain, opened

HEAD = (
    "#2026/01/02 03:04:05# profile=3 mode=enforcing granted=no (global-pid=77) "
    "task={ pid=7 ppid=1 uid=33 gid=33 euid=33 egid=33 suid=33 sgid=33 fsuid=33 fsgid=33 }"
)
FILE = " path1={ uid=0 gid=0 ino=9 major=0 minor=2 perm=0640 type=file }"
EXEC = ' exec={ realpath="/bin/b" argc=3 envc=1 argv[]={ "b" "-x" ... } envp[]={ "A=\\040" } }'
RECORD = f"{HEAD}{FILE}{EXEC}\n<kernel> /bin/a\nfile execute /bin/b\n"


def test_fields() -> None:
    found = read_message(Envelope(RECORD))
    assert found is not None
    shown = found.to_json()
    assert shown["event_type"] == "DENIED"
    assert shown["operation"] == "file execute"
    assert shown["object"] == "/bin/b"
    assert shown["epoch"] == 1767323045
    assert shown["task"]["uid"] == 33
    assert shown["path1"]["perm"] == "0640"
    assert shown["exec"]["argv"] == ["b", "-x"]
    assert shown["exec"]["envp"] == ["A=\\040"]


@pytest.mark.parametrize(
    ("request_line", "kind", "outcome"),
    [
        ("file read /a", "DENIED", "refused"),
        ("use_profile 3", "NOTE", "none"),
        ("quota_exceeded", "NOTE", "none"),
    ],
)
def test_notes_are_no_denials(request_line: str, kind: str, outcome: str) -> None:
    found = read_message(Envelope(f"{HEAD}\n<kernel> /bin/a\n{request_line}"))
    assert found is not None
    assert (found.kind, found.outcome) == (kind, outcome)


def test_modes() -> None:
    for mode, kind in (("permissive", "PERMISSIVE"), ("learning", "LEARNING")):
        found = read_message(Envelope(RECORD.replace("enforcing", mode)))
        assert found is not None
        assert (found.kind, found.outcome) == (kind, "complained")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD, "cut off"),
        (f"{HEAD}\n/bin/a\nfile read /a", "is not a domain"),
        (f"{HEAD} path1={{ uid=x }}\n<kernel>\nfile read /a", "no pair of a header"),
        (f"{HEAD} path1={{ uid=1\n<kernel>\nfile read /a", "cut off"),
        (RECORD.replace("enforcing", "forcing"), "is no mode"),
    ],
)
def test_broken_records(text: str, message: str) -> None:
    with pytest.raises(LogError, match=message):
        read_message(Envelope(text))


@pytest.mark.parametrize(
    "text",
    [
        "[    1.5] ERROR: Domain '<web> /x' not ready.",
        "WARNING: Domain '<kernel> /a' has too many ACLs to hold. Stopped learning mode.",
        "<kernel> /bin/sh ( /bin/cat ) is not permitted to update policies.",
    ],
)
def test_messages_of_the_kernel_log(text: str) -> None:
    found = read_message(Envelope(text))
    assert found is not None
    assert found.kind == "STATUS"
    assert found.remark in text


def test_a_log_is_read_and_every_line_counted() -> None:
    log = f"# a log\n{RECORD}\n{RECORD}{HEAD}\n\n".encode()
    reader = LogReader([LogChunk("log", [log])], FORMAT)
    entries = list(reader.entries())
    assert len(entries) == 3
    assert (reader.used, reader.broken, reader.lines) == (6, 1, 10)


def test_a_record_is_put_to_a_policy() -> None:
    record = read_message(Envelope(RECORD.replace("file execute /bin/b", "file read /srv/a")))
    assert record is not None
    engine = opened(domain("file read /srv/\\* task.uid=0", "file write /srv/a"))
    cause = Cause(record, about(record))
    (found,) = diagnose(QUESTIONS, engine, [cause])
    assert (found.status, found.agreement) == ("denied", "agrees")
    (answer,) = found.answers
    assert answer.suggestions[0].rule == "file read /srv/a"
    fields = [miss.field or miss.kind for miss in answer.misses]
    assert fields == ["task.uid", "permission"]


def test_names_that_differ_get_one_pattern() -> None:
    text = RECORD.replace("file execute /bin/b", "file create /tmp/s_{} 0600")
    records = [read_message(Envelope(text.replace("{}", str(number)))) for number in (12345, 54321)]
    engine = opened(domain())
    causes: dict[object, Cause] = {}
    for record in records:
        assert record is not None
        key = GROUPING.key(record)
        cause = causes.setdefault(key, Cause(record, about(record)))
        cause.see(record, GROUPING)
        cause.varied = cause.varied or record is not cause.record
    (cause,) = causes.values()
    (found,) = explained(list(diagnose(QUESTIONS, engine, [cause])))
    rules = [(one.kind, one.rule) for one in found.remedies]
    assert rules == [
        ("exact", "file create /tmp/s_12345 0600"),
        ("general", "file create /tmp/s_\\* 0600"),
    ]
