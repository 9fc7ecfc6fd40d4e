"""An entry of the cache as bytes: the bundle of an earlier run, and what that run saw.

The first head says what was asked of the file system, which is all that an unchanged policy needs;
the second is the module's own, for when something changed.  Heads are JSON, and a checksum is
over all.  It finds damage, not forgery: everything in the heads is checked before it is used.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from struct import Struct
from typing import Any, NamedTuple
from zlib import crc32

from lsmc.base.text import encode
from lsmc.compiler.inputs import FileQuery, FileState

#: The checksum of all that follows, what an entry is, and the sizes of both heads.
_START = Struct("<I12sII")
_NONE = type(None)
_MAGIC = b"lsmc cache 4"


class Seen(NamedTuple):
    """What a run asked of the file system: questions with answers, and those of all files.

    `whole` tells that the entry has all files, and none has a warning.
    """

    asks: list[tuple[FileQuery, FileState]]
    common: list[int]
    whole: bool


class Entry:
    """An entry over its bytes."""

    def __init__(self, data: memoryview) -> None:
        """ValueError for bytes that are no entry, or a damaged one."""
        if len(data) < _START.size:
            raise ValueError("too short for an entry of the cache")
        checksum, magic, first, second = _START.unpack_from(data)
        if magic != _MAGIC or crc32(data[4:]) != checksum:
            raise ValueError("no entry of the cache")
        middle = _START.size + first
        end = middle + second
        self.seen = _seen(_parsed(data[_START.size : middle]))
        self.bundle = data[end:]
        self._details = data[middle:end]

    def details(self) -> Any:
        """The second head, which is the module's own; ValueError when it is not JSON."""
        return _parsed(self._details)


def _parsed(head: memoryview) -> Any:
    try:
        return json.loads(bytes(head))
    except RecursionError:
        raise DamagedEntry from None


class DamagedEntry(ValueError):
    """Something in an entry cannot be."""

    def __init__(self) -> None:
        super().__init__("a damaged entry of the cache")


def need(holds: bool) -> None:
    """Raise `DamagedEntry` unless something holds."""
    if not holds:
        raise DamagedEntry


def _seen(head: Any) -> Seen:
    """The first head; ValueError when something in it cannot be."""
    need(is_row(head, list, list, bool))
    asks, common, whole = head
    for ask in asks:
        need(is_row(ask, str, str, str, str))
        need(ask[0] in ("read", "entries", "exists") and is_path(ask[1]))
    need(are_numbers(common, len(asks)))
    return Seen([((kind, path), (said, mark)) for kind, path, said, mark in asks], common, whole)


def is_row(row: Any, *kinds: type) -> bool:
    """Whether a list has members of just these types."""
    return (
        isinstance(row, list)
        and len(row) == len(kinds)
        and all(type(one) is kind for one, kind in zip(row, kinds, strict=True))
    )


def are(values: Iterable[Any], kind: type) -> bool:
    """Whether all values are of just one type."""
    return all(type(value) is kind for value in values)


def are_numbers(values: Iterable[Any], count: int) -> bool:
    """Whether all values are numbers of rows in a table of so many."""
    return all(type(value) is int and 0 <= value < count for value in values)


def is_text(text: str) -> bool:
    """Whether a text has one character a byte."""
    return text.isascii() or max(text) <= "\xff"


def is_name(name: str) -> bool:
    """Whether a text can be in a bundle."""
    try:
        encode(name)
    except UnicodeEncodeError:
        return False
    return True


def is_path(path: str) -> bool:
    """Whether the system can be asked about a path."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def entry_bytes(seen: Seen, details: Any, bundle: bytes) -> bytes:
    """The bytes of an entry; `details` is the module's own, as JSON has it."""
    asks = [(*ask, *answer) for ask, answer in seen.asks]
    first = json.dumps((asks, seen.common, seen.whole)).encode()
    second = json.dumps(details).encode()
    second += b" " * (-(len(first) + len(second)) % 8)  # for the words of the bundle
    start = _START.pack(0, _MAGIC, len(first), len(second))[4:]
    body = b"".join((start, first, second, bundle))
    return crc32(body).to_bytes(4, "little") + body
