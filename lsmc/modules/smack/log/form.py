"""How Smack's records are found in a log."""

from __future__ import annotations

import re

from lsmc.logs.record import LogFormat
from lsmc.modules.smack.log.parse import SIGN, read_message
from lsmc.modules.smack.log.record import Record

_NAMES = (SIGN.encode(), b"Smack Bringup: ", b"Smack Unconfined ")
_JOURNAL_BYTES = re.compile(rb'"MESSAGE"\s*:\s*\[')
#: The event of a record, and the records of a system call, by name or by number; auditd may
#: explain their values behind a byte 0x1D.
_EVENT = re.compile(rb"audit\([^)]{1,64}\)")
_OF_CALL = re.compile(
    rb".{0,128}?\btype=(?:SYSCALL|CWD|PATH|PROCTITLE|EXECVE|SOCKADDR|OBJ_PID|13[0-3][0-9])"
    rb" (?:msg=)?(audit\([^)]{1,64}\)) ?:"
)
_EXPLAINED = b"\x1d"
_LONGEST = 1 << 16


def worth_reading(line: bytes) -> bool:
    """Whether a line may hold a record."""
    if any(name in line for name in _NAMES):
        return True
    return line.startswith(b"{") and bool(_JOURNAL_BYTES.search(line))


def goes_on(record: bytes, line: bytes) -> bytes | None:
    """A record with the next line, where that is of the system call of the same event."""
    if _NAMES[0] not in record or len(record) + len(line) > _LONGEST:
        return None
    following = _OF_CALL.match(line)
    event = _EVENT.search(record)
    if following is None or event is None or event[0] != following[1]:
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
    marks=(*_NAMES, b'"MESSAGE"'),
    worth_reading=worth_reading,
    goes_on=goes_on,
    speaks=speaks,
    read=read_message,
    foreign=foreign,
    nothing=Record(),
    sign=SIGN.encode(),
    own={"audit_id": "serial", "epoch": "epoch", "pid": "pid", "name": "name"},
)
