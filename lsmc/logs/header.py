"""Finds the header of an audit record: `type=KIND msg=audit(SECONDS.MILLIS:SERIAL):`.

The kernel writes what stands between the parentheses (`audit_log_start`, kernel/audit.c), whatever
the transport put before it.  `ausearch -i` shows a date in the form of the reader's locale there.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

_HEADER = re.compile(
    r"""(?:\btype=([\w\[\]-]+)\s+)?(?:msg=)?\baudit\("""
    r"""(?:(\d{1,12})\.(\d{1,12})|(\d{10})(\d{3})):(\d{1,20})\):\s?"""
)
#: As `ausearch -i` shows it.
_SHOWN = re.compile(
    r"\btype=([\w\[\]-]+)\s+msg=audit\([0-9./-]{6,10} [0-9:]{7,8}(?:[.,]\d{1,9})?(?: [AP]M)?"
    r":(\d{1,20})\) ?:\s?"
)
#: A message of another record may quote one of ours: nothing before the header holds a pair, but
#: for audisp's `node=` and the structured data of RFC 5424 in brackets.
_FRONT = re.compile(r"""(?:node=\S+ )?(?:[^"'=\[]++|\[[^\]]*+\])*+(?:\btype=[\w\[\]-]+\s*)?""")
#: A date and time with an offset, as RFC 3339, journalctl and dmesg write it; or the seconds since
#: 1970 of `journalctl -o short-unix`.
_STAMP = re.compile(
    r"(?:<[0-9]{1,3}>)?(?:([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"(?:[.,][0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2}))|([0-9]{9,10})\.[0-9]{6} )"
)


class Head(NamedTuple):
    """The header of an audit record: its type as written, and the parts of its id."""

    kind: str
    seconds: str
    millis: str
    number: str

    @property
    def id(self) -> str:
        """`SECONDS.MILLIS:SERIAL`, which the records of one event share."""
        return f"{self.seconds}.{self.millis}:{self.number}"

    @property
    def epoch(self) -> int:
        """The seconds since 1970."""
        return int(self.seconds)

    @property
    def serial(self) -> int:
        """The number of the event."""
        return int(self.number)


def split(text: str) -> tuple[Head | None, str]:
    """The header of a line and what follows it; without one the whole line."""
    match = _HEADER.match(text)
    if match is None:
        # a header begins with one of these; looking for them first is much faster
        starts = [at for mark in ("audit(", "type=") if (at := text.find(mark)) >= 0]
        match = _HEADER.search(text, max(0, min(starts) - len("msg="))) if starts else None
        if match is None or not is_front(text, match.start()):
            return None, text
    kind, seconds, millis, whole, thousandths, serial = match.groups(default="")
    head = Head(kind, seconds or whole, millis or thousandths, serial)  # the dot may be lost
    return head, text[match.end() :]


def split_shown(text: str) -> tuple[str, int, str] | None:
    """The type, the serial number and the rest of a line that `ausearch -i` printed.

    The time is left out: it is that of the reader's zone, in the form of the reader's locale.
    """
    match = _SHOWN.search(text)
    if match is None or not is_front(text, match.start()):
        return None
    return match[1], int(match[2]), text[match.end() :]


def is_front(text: str, end: int) -> bool:
    """Whether what stands before a place belongs to no record."""
    return _FRONT.fullmatch(text, 0, end) is not None


def stamp(text: str) -> int:
    """The time with an offset that a line begins with, in seconds since 1970; 0 without one."""
    match = _STAMP.match(text)
    if match is None:
        return 0
    if match[2]:
        return int(match[2])
    try:
        return max(0, int(datetime.fromisoformat(match[1]).timestamp()))
    except (ValueError, OverflowError):
        return 0
