"""How Smack's records are found in a log."""

from __future__ import annotations

import re

from lsmc.logs.events import with_call
from lsmc.logs.record import LogFormat
from lsmc.modules.smack.log.parse import SIGN, read_message
from lsmc.modules.smack.log.record import Record

_NAMES = (SIGN.encode(), b"Smack Bringup: ", b"Smack Unconfined ")
_JOURNAL_BYTES = re.compile(rb'"MESSAGE"\s*:\s*\[')


def worth_reading(line: bytes) -> bool:
    """Whether a line may hold a record."""
    if any(name in line for name in _NAMES):
        return True
    return line.startswith(b"{") and bool(_JOURNAL_BYTES.search(line))


def goes_on(record: bytes, line: bytes) -> bytes | None:
    """A record with the next line, where that is of the system call of the same event."""
    return with_call(record, line) if _NAMES[0] in record else None


FORMAT = LogFormat(
    marks=(*_NAMES, b'"MESSAGE"'),
    worth_reading=worth_reading,
    goes_on=goes_on,
    read=read_message,
    nothing=Record(),
    sign=SIGN.encode(),
    own={"audit_id": "serial", "epoch": "epoch", "pid": "pid", "name": "name"},
)
