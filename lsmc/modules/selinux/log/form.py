"""How SELinux's records are found in a log."""

from __future__ import annotations

import re

from lsmc.logs.events import with_call
from lsmc.logs.record import LogFormat
from lsmc.modules.selinux.log.parse import read_message
from lsmc.modules.selinux.log.record import Record

_NAMES = (b"avc: ", b"SELINUX_ERR")
#: A record by its number, and a message that journald writes as an array of bytes.
_OTHERS = (b"type=1401", b"UNKNOWN[1401]", b'"MESSAGE"')
_JOURNAL_BYTES = re.compile(rb'"MESSAGE"\s*:\s*\[')


def worth_reading(line: bytes) -> bool:
    """Whether a line may hold a record."""
    if any(name in line for name in _NAMES):
        return True
    if b"1401" in line and (b"type=1401" in line or b"UNKNOWN[1401]" in line):
        return True
    return line.startswith(b"{") and bool(_JOURNAL_BYTES.search(line))


def goes_on(record: bytes, line: bytes) -> bytes | None:
    """A record with the next line, where that is of the system call of the same event."""
    return with_call(record, line) if any(name in record for name in _NAMES) else None


FORMAT = LogFormat(
    marks=(*_NAMES, *_OTHERS),
    worth_reading=worth_reading,
    goes_on=goes_on,
    read=read_message,
    nothing=Record(),
    sign=b'comm="',
    own={"audit_id": "serial", "epoch": "epoch", "pid": "pid", "name": "name", "lport": "port"},
)
