"""Joins records that were broken into several lines: by a bus daemon, by mail, by a narrow window.

A line continues a record when it begins with keys of records and contains nothing else, or closes a
quote that the record left open.  Mail puts the same marks before each line.  The module says which
keys there are.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_MARKS = rb"[ \t>|]*"
_KEY = re.compile(rb"([A-Za-z_][A-Za-z0-9_]*)=")
_FIRST = re.compile(_MARKS + rb"([a-z_][a-z0-9_]*)=")
_CLOSING = re.compile(_MARKS + rb"[^\"=\[]{0,4096}\"\s*(?:\Z|([a-z_][a-z0-9_]*)=)")
#: The middle of a value of several words; other lines of logs have digits and colons.
_MIDDLE = re.compile(_MARKS + rb"[A-Za-z_][A-Za-z_ -]{0,200}\s*")
_LONGEST = 8192
_BEFORE = re.compile(rb"\A" + _MARKS)


class Keys(NamedTuple):
    """The keys of a module's records.

    Attributes:
        known: all of them.
        texts: those whose values the kernel writes with blanks; other values with a blank are
            written as hexadecimal.
        first: text that only the first line of a record has.
    """

    known: frozenset[bytes]
    texts: frozenset[bytes]
    first: bytes


def goes_on(keys: Keys, record: bytes, line: bytes) -> bytes | None:
    """The record joined with its next line; None when the line does not continue it."""
    if line[:1] in (b" ", b"\t") and _unfinished(record):
        return record + line
    key = _open_key(record)
    if key is not None:
        if not _closes(keys, line) and not (key in keys.texts and _MIDDLE.fullmatch(line)):
            return None
    else:
        first = _FIRST.match(line)
        if first is None or first[1] not in keys.known or not _pairs_only(keys, line):
            return None
    if len(record) + len(line) > _LONGEST:
        return None
    inside = key is not None and key not in keys.texts
    return record.rstrip() + (b"" if inside else b" ") + _BEFORE.sub(b"", line)


def _open_key(record: bytes) -> bytes | None:
    """The key whose quoted value is still open."""
    if record.count(b'"') % 2 == 0:
        return None
    return record.rpartition(b'="')[0].rpartition(b" ")[2]


def _pairs_only(keys: Keys, line: bytes) -> bool:
    """Whether a line contains only keys of records, so that it belongs to no other program."""
    return all(key in keys.known for key in _KEY.findall(line[:_LONGEST]))


def _closes(keys: Keys, line: bytes) -> bool:
    """Whether a line begins with the rest of a quoted value."""
    found = _CLOSING.match(line)
    if found is None or keys.first in line or b"audit(" in line:
        return False
    return found[1] is None or (found[1] in keys.known and _pairs_only(keys, line))


def _unfinished(record: bytes) -> bool:
    """Whether the message of a bus daemon continues in the next line: it has no closing quote."""
    return b"msg='" in record and not record.rstrip().endswith(b"'") and b"\x1d" not in record
