"""How AppArmor's records are found in a log."""

from __future__ import annotations

import re
from functools import partial

from lsmc.logs.record import LogFormat
from lsmc.logs.wrapping import Keys, goes_on
from lsmc.modules.apparmor.log.mending import read_message, speaks
from lsmc.modules.apparmor.log.parse import KEYS, foreign
from lsmc.modules.apparmor.log.record import Record

_NAMES = (b"apparmor", b"AppArmor", b"APPARMOR", b'operation="', b"DENIED", b"ALLOWED", b"AUDIT ")
#: A record by its number, and a message that journald writes as an array of bytes.
_OTHERS = (b"type=150", b"UNKNOWN[150", b'"MESSAGE"')
_NUMBER = re.compile(rb"type=150[0-7]|UNKNOWN\[150[0-7]\]")
_JOURNAL_BYTES = re.compile(rb'"MESSAGE"\s*:\s*\[')


def worth_reading(line: bytes) -> bool:
    """Whether a line may hold a record."""
    for name in _NAMES:
        if name in line:
            return True
    if b"150" in line and _NUMBER.search(line):
        return True
    return line.startswith(b"{") and bool(_JOURNAL_BYTES.search(line))


_WRAPPED = Keys(
    known=frozenset((*map(str.encode, KEYS), b"capability", b"sauid", b"hostname")),
    texts=frozenset(
        (b"info", b"flags", b"requested_mask", b"denied_mask", b"requested", b"denied")
    ),
    first=b"apparmor=",
)

FORMAT = LogFormat(
    marks=(*_NAMES, *_OTHERS),
    worth_reading=worth_reading,
    goes_on=partial(goes_on, _WRAPPED),
    speaks=speaks,
    read=read_message,
    foreign=foreign,
    nothing=Record(),
    sign=b'apparmor="',
    own={
        "audit_id": "id",
        "epoch": "epoch",
        "audit_subid": "serial",
        "name": "name",
        "pid": "pid",
        "local_port": "port",
    },
)
