"""How TOMOYO's records are found in a log: three lines each, as tomoyo-auditd writes them."""

from __future__ import annotations

import re

from lsmc.logs.record import LogFormat
from lsmc.modules.tomoyo.log.parse import MESSAGES, SIGN, read_message
from lsmc.modules.tomoyo.log.record import Record

_HEADER = re.compile(rb"#\d{4}/\d\d/\d\d \d\d:\d\d:\d\d# profile=")
_SIGN = SIGN.encode()
#: Lines of a record, and the bytes that they may have together.
_LINES = 3
_LONGEST = 1 << 16


def worth_reading(line: bytes) -> bool:
    """Whether a line may begin a record."""
    if _SIGN in line and _HEADER.match(line):
        return True
    return any(message in line for message in MESSAGES)


def goes_on(record: bytes, line: bytes) -> bytes | None:
    """A record with the next line, up to the third."""
    if not record.startswith(b"#") or record.rstrip(b"\n").count(b"\n") >= _LINES - 1:
        return None
    if not line.strip() or _HEADER.match(line) or len(record) + len(line) > _LONGEST:
        return None
    return record.rstrip(b"\r\n") + b"\n" + line


def speaks(text: str) -> bool:
    """Whether a line is about a decision though its transport is unknown: no line is."""
    del text
    return False


def foreign(text: str) -> Record:
    """What can be shown of a line that is not a record: nothing."""
    del text
    return Record()


FORMAT = LogFormat(
    marks=(_SIGN, *MESSAGES),
    worth_reading=worth_reading,
    goes_on=goes_on,
    speaks=speaks,
    read=read_message,
    foreign=foreign,
    nothing=Record(),
    sign=_SIGN,
    own={"epoch": "epoch"},
)
