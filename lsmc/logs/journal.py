"""Reads entries of `journalctl -o export`: one field per line, a blank line after each entry.

A field is `NAME=text`, or for values with control characters the name alone, eight bytes of length
(little-endian), the value and a newline (systemd's JOURNAL_EXPORT_FORMATS).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lsmc.base.text import decode
from lsmc.logs.lines import MAX_LINE, Lines

FIRST_FIELD = b"__CURSOR="
_NAME = re.compile(rb"[A-Z_][A-Z0-9_]{0,63}")
_WANTED = frozenset(
    {
        "MESSAGE",
        "_TRANSPORT",
        "_AUDIT_ID",
        "_AUDIT_TYPE_NAME",
        "_HOSTNAME",
        "_SOURCE_REALTIME_TIMESTAMP",
        "__REALTIME_TIMESTAMP",
    }
)


class JournalEntry(NamedTuple):
    """The wanted fields of an entry, its number of lines, and the place of its message."""

    fields: dict[str, str]
    lines: int
    line: int
    too_long: bool


def read_entry(first: bytes, lines: Lines) -> JournalEntry:
    """The entry that begins with a line, read up to the blank line after it."""
    start = lines.number
    fields: dict[str, str] = {}
    at, too_long = start, False
    line: bytes | None = first
    while True:
        if line is None:
            at, too_long = lines.number, True
        elif not line.strip(b"\r\n"):
            break
        else:
            where = lines.number
            name, mark, value = line.rstrip(b"\r\n").partition(b"=")
            if not mark and _NAME.fullmatch(name):
                value, whole = _binary(lines)
                too_long = too_long or (not whole and name == b"MESSAGE")
            key = name.decode("ascii", "replace")
            if key in _WANTED:
                fields[key] = decode(value)
                if key == "MESSAGE":
                    at = where
        try:
            line = next(lines)
        except StopIteration:
            break
    return JournalEntry(fields, lines.number - start + 1, at, too_long)


def _binary(lines: Lines) -> tuple[bytes, bool]:
    """A value given with its length; False when it is beyond the bound and was skipped."""
    size = int.from_bytes(lines.take(8), "little")
    if size <= MAX_LINE:
        return lines.take(size + 1)[:size], True
    while size > 0:
        taken = len(lines.take(min(size, MAX_LINE)))
        if not taken:
            break
        size -= taken
    lines.take(1)
    return b"", False
