"""An entry of the cache as bytes: the bundle of an earlier run, and what that run saw.

The first head says what was asked of the file system, which is all that an unchanged policy needs;
the second is for when something changed.  Heads are JSON, and a checksum is over all.  It finds
damage, not forgery: everything in the heads is checked before it is used.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from struct import Struct
from typing import Any, NamedTuple
from zlib import crc32

from lsmc.compiler.inputs import Answer, Ask

#: The checksum of all that follows, what an entry is, and the sizes of both heads.
_START = Struct("<I12sII")
_NONE = type(None)
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
        self.seen = _seen(_parsed(data[_START.size : middle]))
        self.bundle = data[end:]
        self._details = data[middle:end]
        self._read: Details | None = None

    def details(self) -> Details:
        """The second head; ValueError for one that is damaged."""
        if self._read is None:
            self._read = _checked(_parsed(self._details), self.seen)
        return self._read


def _parsed(head: memoryview) -> Any:
    try:
        return json.loads(bytes(head))
    except RecursionError:
        raise _Damaged from None


class _Damaged(ValueError):
    def __init__(self) -> None:
        super().__init__("a damaged entry of the cache")


def _need(holds: bool) -> None:
    if not holds:
        raise _Damaged


def _seen(head: Any) -> Seen:
    """The first head; ValueError when something in it cannot be."""
    _need(_is_row(head, list, list, bool))
    asks, common, whole = head
    for ask in asks:
        _need(_is_row(ask, str, str, str, str))
        _need(ask[0] in ("read", "entries", "exists") and _is_path(ask[1]))
    _need(_are_numbers(common, len(asks)))
    return Seen([((kind, path), (said, mark)) for kind, path, said, mark in asks], common, whole)


def _checked(head: Any, seen: Seen) -> Details:
    """The second head; ValueError when something in it cannot be."""
    _need(_is_row(head, list, dict, list, list, dict))
    digests, files, settings, shared, texts = head
    _need(_are(digests, str) and _are(texts.values(), str) and all(map(_is_text, texts.values())))
    layers = frozenset(number for number, row in enumerate(shared) if _is_layer(row))
    pairs = frozenset(number for number, row in enumerate(shared) if _are_pairs(row))
    for setting in settings:
        _need(_is_setting(setting, layers, pairs))
    kept: dict[str, KeptFile] = {}
    for path, file in files.items():
        _need(_is_row(file, list, list, list, int) and _is_path(path))
        one = kept[path] = KeptFile(*file)
        _need(_are(one.names, str) and all(_is_name(name) for name in one.names))
        _need(_are_numbers(one.asks, len(seen.asks)) and _are_numbers(one.plain, len(seen.asks)))
        _need(_are_numbers([one.setting], len(settings)))
        _, _, features, profiles = settings[one.setting]
        asked = {seen.asks[number][0] for number in one.asks}
        _need(features is None or ("read", features) in asked)
        _need(len(one.names) <= len(profiles))
        for number in one.plain:
            (kind, included), _ = seen.asks[number]
            _need(kind == "read" and included in texts)
    return Details(digests, kept, settings, shared, texts)


def _is_setting(setting: Any, layers: frozenset[int], pairs: frozenset[int]) -> bool:
    """Whether a setting is whole, and refers to what are layers and aliases."""
    if not (_is_row(setting, list, int, str, list) or _is_row(setting, list, int, _NONE, list)):
        return False
    own, aliases, _, profiles = setting
    return _are(own, int) and layers.issuperset(own) and aliases in pairs and _are_pairs(profiles)


def _is_layer(layer: Any) -> bool:
    if not _is_row(layer, dict, dict):
        return False
    sets, bools = layer
    values = [value for many in sets.values() if isinstance(many, list) for value in many]
    return (
        _are(sets.values(), list)
        and _are(values, str)
        and all(map(_is_text, (*values, *sets, *bools)))
        and _are(bools.values(), bool)
    )


def _are_pairs(rows: Any) -> bool:
    return isinstance(rows, list) and all(
        _is_row(row, str, str) and all(map(_is_text, row)) for row in rows
    )


def _is_row(row: Any, *kinds: type) -> bool:
    """Whether a list has members of just these types."""
    return (
        isinstance(row, list)
        and len(row) == len(kinds)
        and all(type(one) is kind for one, kind in zip(row, kinds, strict=True))
    )


def _are(values: Iterable[Any], kind: type) -> bool:
    return all(type(value) is kind for value in values)


def _are_numbers(values: Iterable[Any], count: int) -> bool:
    return all(type(value) is int and 0 <= value < count for value in values)


def _is_text(text: str) -> bool:
    """Whether a text has one character a byte."""
    return text.isascii() or max(text) <= "\xff"


def _is_name(name: str) -> bool:
    """Whether a text can be in a bundle."""
    try:
        name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _is_path(path: str) -> bool:
    """Whether the system can be asked about a path."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def entry_bytes(seen: Seen, details: Details, bundle: bytes) -> bytes:
    """The bytes of an entry."""
    asks = [(*ask, *answer) for ask, answer in seen.asks]
    first = json.dumps((asks, seen.common, seen.whole)).encode()
    second = json.dumps(details).encode()
    second += b" " * (-(len(first) + len(second)) % 8)  # for the words of the bundle
    start = _START.pack(0, _MAGIC, len(first), len(second))[4:]
    body = b"".join((start, first, second, bundle))
    return crc32(body).to_bytes(4, "little") + body
