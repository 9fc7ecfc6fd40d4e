"""An entry of the cache as bytes: the bundle of an earlier run, and what that run saw.

The first head says what was asked of the file system, which is all that an unchanged policy needs;
the second is for when something changed.  Heads are JSON, and a checksum is over all.
"""

from __future__ import annotations

import json
from struct import Struct
from typing import Any, NamedTuple
from zlib import crc32

from lsmc.inputs import Answer, Ask

#: The checksum of all that follows, what an entry is, and the sizes of both heads.
_START = Struct("<I12sII")
_MAGIC = b"lsmc cache 3"


class KeptFile(NamedTuple):
    """A profile file: the names of its profiles, and by number what was asked for it.

    `plain` are the reads of included files that `compiling.revising` can deal with, `asks` all
    else.  `setting` is the number of what its profiles were compiled under.
    """

    names: list[str]
    asks: list[int]
    plain: list[int]
    setting: int


class Seen(NamedTuple):
    """What a run asked of the file system: questions with answers, and those of all files.

    `whole` tells that the entry has all files, and none has a warning.
    """

    asks: list[tuple[Ask, Answer]]
    common: list[int]
    whole: bool


class Details(NamedTuple):
    """What else a run leaves: digests of units, files by path, settings, texts of includes.

    A setting is plain data here; its layers and aliases are numbers of `shared`.
    """

    digests: list[str]
    files: dict[str, KeptFile]
    settings: list[Any]
    shared: list[Any]
    texts: dict[str, str]


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
        asks, common, whole = json.loads(bytes(data[_START.size : middle]))
        found = [((kind, path), (said, mark)) for kind, path, said, mark in asks]
        self.seen = Seen(found, common, whole)
        self.bundle = data[end:]
        self._details = data[middle:end]
        self._read: Details | None = None

    def details(self) -> Details:
        """The second head."""
        if self._read is not None:
            return self._read
        digests, files, settings, shared, texts = json.loads(bytes(self._details))
        kept = {path: KeptFile(*file) for path, file in files.items()}
        self._read = Details(digests, kept, settings, shared, texts)
        return self._read


def entry_bytes(seen: Seen, details: Details, bundle: bytes) -> bytes:
    """The bytes of an entry."""
    asks = [(*ask, *answer) for ask, answer in seen.asks]
    first = json.dumps((asks, seen.common, seen.whole)).encode()
    second = json.dumps(details).encode()
    second += b" " * (-(len(first) + len(second)) % 8)  # for the words of the bundle
    start = _START.pack(0, _MAGIC, len(first), len(second))[4:]
    body = b"".join((start, first, second, bundle))
    return crc32(body).to_bytes(4, "little") + body
