"""Records of one event: that of a decision, and those of the system call behind it."""

from __future__ import annotations

import re

#: An event, and the records of a system call, by name or by number (include/uapi/linux/audit.h).
_EVENT = re.compile(rb"audit\([^)]{1,64}\)")
_OF_CALL = re.compile(
    rb".{0,256}?\btype=(?:SYSCALL|CWD|PATH|PROCTITLE|EXECVE|SOCKADDR|OBJ_PID|13[0-3][0-9])"
    rb" (?:msg=)?(audit\([^)]{1,64}\)) ?:"
)
#: auditd may explain the values of a record behind this byte.
_EXPLAINED = b"\x1d"
_LONGEST = 1 << 16


def with_call(record: bytes, line: bytes) -> bytes | None:
    """A record with the next line, where that is of the system call of the same event."""
    if len(record) + len(line) > _LONGEST:
        return None
    following = _OF_CALL.match(line)
    event = _EVENT.search(record)
    if following is None or event is None or event[0] != following[1]:
        return None
    return b"\n".join(one.partition(_EXPLAINED)[0].rstrip(b"\r\n") for one in (record, line))
