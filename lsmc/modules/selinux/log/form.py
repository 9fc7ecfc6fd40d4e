"""How SELinux's records are found in a log."""

from __future__ import annotations

import re

from lsmc.logs.record import LogFormat
from lsmc.modules.selinux.log.parse import read_message
from lsmc.modules.selinux.log.record import Record

_NAMES = (b"avc: ", b"SELINUX_ERR")
#: A record by its number, and a message that journald writes as an array of bytes.
_OTHERS = (b"type=1401", b"UNKNOWN[1401]", b'"MESSAGE"')
_JOURNAL_BYTES = re.compile(rb'"MESSAGE"\s*:\s*\[')
#: The event of a record, and the records of a system call, whose values auditd may explain behind
#: a byte 0x1D.
_EVENT = re.compile(rb"audit\([^)]{1,64}\)")
_OF_CALL = re.compile(
    rb"(?:node=\S{1,255} )?type=(?:SYSCALL|CWD|PATH|PROCTITLE|EXECVE|SOCKADDR|OBJ_PID)"
    rb" msg=(audit\([^)]{1,64}\)) ?:"
)
_EXPLAINED = b"\x1d"
_LONGEST = 1 << 16


def worth_reading(line: bytes) -> bool:
    """Whether a line may hold a record."""
    if any(name in line for name in _NAMES):
        return True
    if b"1401" in line and (b"type=1401" in line or b"UNKNOWN[1401]" in line):
        return True
    return line.startswith(b"{") and bool(_JOURNAL_BYTES.search(line))


def goes_on(record: bytes, line: bytes) -> bytes | None:
    """A record with the next line, where that is of the system call of the same event."""
    following = _OF_CALL.match(line)
    if following is None or len(record) + len(line) > _LONGEST:
        return None
    if b"avc: " not in record and b"SELINUX_ERR" not in record:
        return None
    event = _EVENT.search(record)
    if event is None or event[0] != following[1]:
        return None
    return b"\n".join(one.partition(_EXPLAINED)[0].rstrip(b"\r\n") for one in (record, line))


def speaks(text: str) -> bool:
    """Whether a line is about a decision though its transport is unknown: no line is."""
    del text
    return False


def foreign(text: str) -> Record:
    """What can be shown of a line that is not a record: nothing."""
    del text
    return Record()


FORMAT = LogFormat(
    marks=(*_NAMES, *_OTHERS),
    worth_reading=worth_reading,
    goes_on=goes_on,
    speaks=speaks,
    read=read_message,
    foreign=foreign,
    nothing=Record(),
    sign=b'comm="',
    own={"audit_id": "serial", "epoch": "epoch", "pid": "pid", "name": "name", "lport": "port"},
)
