"""A cache entry as bytes: the bundle of an earlier run, and what that run asked of the file system.

The first head has the file queries with their answers, which is all that an unchanged policy
needs; the second belongs to the security module, for policy that changed.  Heads are JSON, and a
checksum covers everything.  It detects damage, not forgery: the heads are checked before use.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from struct import Struct
from typing import Any, NamedTuple
from zlib import crc32

from lsmc.base.text import encode
from lsmc.compiler.inputs import FileQuery, FileState

#: The checksum of all that follows, what an entry is, and the sizes of both heads.
_START = Struct("<I12sII")
_MAGIC = b"lsmc cache 4"


class FileAnswers(NamedTuple):
    """The file queries of a run and their answers; `common` numbers those asked for all files.

    `whole` says that the entry holds every file and that none has a warning.
    """

    asks: list[tuple[FileQuery, FileState]]
    common: list[int]
    whole: bool


class CacheEntry:
    """A cache entry, read in place from its bytes."""

    def __init__(self, data: memoryview) -> None:
        """ValueError for bytes that are not an entry, or a damaged one."""
        if len(data) < _START.size:
            raise ValueError("too short for an entry of the cache")
        checksum, magic, first, second = _START.unpack_from(data)
        if magic != _MAGIC or crc32(data[4:]) != checksum:
            raise ValueError("not an entry of the cache")
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
    """An entry contains something impossible."""

    def __init__(self) -> None:
        super().__init__("a damaged entry of the cache")


def need(holds: bool) -> None:
    """Raise `DamagedEntry` unless a condition holds."""
    if not holds:
        raise DamagedEntry


def _seen(head: Any) -> FileAnswers:
    """Read the first head; ValueError when something in it is impossible."""
    need(is_row(head, list, list, bool))
    asks, common, whole = head
    for ask in asks:
        need(is_row(ask, str, str, str, str))
        need(ask[0] in ("read", "entries", "exists") and is_path(ask[1]))
    need(are_numbers(common, len(asks)))
    return FileAnswers(
        [((kind, path), (said, mark)) for kind, path, said, mark in asks], common, whole
    )


def is_row(row: Any, *kinds: type) -> bool:
    """Whether a value is a list with members of exactly these types."""
    return isinstance(row, list) and tuple(map(type, row)) == kinds


def are(values: Iterable[Any], kind: type) -> bool:
    """Whether all values have exactly this type."""
    return set(map(type, values)) <= {kind}


def are_numbers(values: Sequence[Any], count: int) -> bool:
    """Whether all values are row numbers of a table with `count` rows."""
    return are(values, int) and min(values, default=0) >= 0 and max(values, default=-1) < count


def is_text(text: str) -> bool:
    """Whether a text has one character a byte."""
    return text.isascii() or max(text) <= "\xff"


def is_name(name: str) -> bool:
    """Whether a value is a text that a bundle can hold."""
    try:
        encode(name)
    except UnicodeEncodeError:
        return False
    return True


def is_path(path: str) -> bool:
    """Whether a value can be passed to the system as a path."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def entry_bytes(seen: FileAnswers, details: Any, bundle: bytes) -> bytes:
    """The bytes of an entry; `details` is the module's own, as JSON has it."""
    return b"".join(entry_parts(seen, details, (bundle,)))


def entry_parts(
    seen: FileAnswers, details: Any, contents: Sequence[bytes | memoryview]
) -> list[bytes | memoryview]:
    """The same in parts, of which none is copied; `contents` are what the bundle would be."""
    asks = [(*ask, *answer) for ask, answer in seen.asks]
    first = json.dumps((asks, seen.common, seen.whole)).encode()
    second = json.dumps(details).encode()
    second += b" " * (-(len(first) + len(second)) % 8)  # for the words of the bundle
    start = _START.pack(0, _MAGIC, len(first), len(second))[4:]
    parts = [start, first, second, *contents]
    checksum = 0
    for part in parts:
        checksum = crc32(part, checksum)
    return [checksum.to_bytes(4, "little"), *parts]
