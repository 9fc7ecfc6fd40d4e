"""Encodes and decodes groups, the decision tables of a bundle.

One group is one automaton over whole keys (a class code followed by the request's fields joined by
NUL); it accepts numbers of its own, which the unit maps to rules.
"""

import struct
import sys
import zlib
from array import array
from collections.abc import Sequence
from functools import lru_cache
from operator import sub
from typing import TYPE_CHECKING, NamedTuple

from lsmc.automata.dfa import Dfa, verify_runs
from lsmc.kernels.runs import ascend, offsets_of
from lsmc.kernels.walk import greatest_short
from lsmc.tables.errors import BundleError
from lsmc.tables.layout import GROUP_HEADER, native

if TYPE_CHECKING:
    from lsmc.automata.pattern import Pattern
    from lsmc.ir.model import Rule

SIZE = struct.Struct("<I")
#: No group is larger: 65,535 states with a row for each of 256 classes.
MAX_GROUP = 1 << 27
COMPRESSION = 6
#: The level for tables that are not kept.
UNCOMPRESSED = 0


class BuiltGroup(NamedTuple):
    """A group of a unit: the unit's rule numbers by accepted id, and the table's bytes."""

    rules: tuple[int, ...]
    data: bytes


class Heap:
    """The bytes of groups; equal groups are stored once."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._known: dict[bytes, tuple[int, int, int]] = {}

    def add(self, data: bytes) -> tuple[int, int, int]:
        """Store some bytes; returns offset, length and checksum."""
        known = self._known.get(data)
        if known is None:
            known = self._known[data] = self._size, len(data), zlib.crc32(data)
            padding = -len(data) % 4
            self._parts += (data, bytes(padding))
            self._size += len(data) + padding
        return known

    def bytes(self) -> bytes:
        """The bytes of all groups."""
        return b"".join(self._parts)


def key_pattern(rule: "Rule") -> "Pattern":
    """The pattern of the keys that a rule matches."""
    return _key_pattern(rule.cls.code, rule.fields)


@lru_cache(maxsize=1 << 16)
def _key_pattern(code: int, fields: tuple["Pattern", ...]) -> "Pattern":
    from lsmc.automata.pattern import Literal, concat

    parts: list[Pattern] = [Literal(bytes((code,)))]
    for index, field in enumerate(fields):
        if index:
            parts.append(Literal(b"\0"))
        parts.append(field)
    return concat(parts)


def make_key(code: int, fields: tuple[bytes, ...]) -> bytes:
    """The key of a request."""
    return bytes((code,)) + b"\0".join(fields)


def encode_dfa(dfa: Dfa, level: int = COMPRESSION) -> bytes:
    """The bytes of a group: its unpacked size, then its tables compressed."""
    body = _tables(dfa)
    return SIZE.pack(len(body)) + zlib.compress(body, level)


def _tables(dfa: Dfa) -> bytes:
    sets = len(dfa.accept_offsets) - 1
    return b"".join(
        (
            GROUP_HEADER.pack(dfa.n_states, len(dfa.labels), sets, len(dfa.accept_ids)),
            native(_lengths(dfa.offsets)),
            native(_lengths(dfa.accept_offsets)),
            native(array("I", dfa.accept_ids)),
            native(array("H", dfa.targets)),
            native(array("H", dfa.defaults)),
            native(array("H", dfa.accepts)),
            bytes(dfa.labels),
            bytes(dfa.classes),
        )
    )


def _lengths(offsets: Sequence[int]) -> "array[int]":
    """The lengths of runs, from their offsets: lengths compress better."""
    return array("H", map(sub, offsets[1:], offsets))


def unpacked_size(data: memoryview) -> int:
    """The unpacked size that a group states; raises `BundleError`."""
    if len(data) < SIZE.size:
        raise BundleError("a group is cut short")
    size: int = SIZE.unpack_from(data)[0]
    if not GROUP_HEADER.size <= size <= MAX_GROUP:
        raise BundleError("a group has an impossible size")
    return size


def _inflate(data: memoryview) -> memoryview:
    size = unpacked_size(data)
    inflater = zlib.decompressobj()
    try:
        body = inflater.decompress(data[SIZE.size :], size)
    except zlib.error:
        raise BundleError("a group is damaged: it cannot be decompressed") from None
    if len(body) != size or not inflater.eof:
        raise BundleError("a group is not of the size it says")
    return memoryview(body)


def decode_dfa(packed: memoryview, n_patterns: int) -> Dfa:
    """The table of a group's bytes; raises `BundleError` for anything out of range."""
    data = _inflate(packed)
    states, exceptions, sets, ids = GROUP_HEADER.unpack_from(data)
    sizes = (
        ("H", states),
        ("H", sets),
        ("I", ids),
        ("H", exceptions),
        ("H", states),
        ("H", states),
        ("B", exceptions),
        ("B", 256),
    )
    at = GROUP_HEADER.size
    views: list[memoryview | array[int]] = []
    for kind, count in sizes:
        length = count * {"I": 4, "H": 2, "B": 1}[kind]
        view = data[at : at + length]
        if len(view) != length:
            raise BundleError("a group is cut short")
        views.append(_cast(view, kind))
        at += length
    if at != len(data):
        raise BundleError("a group is longer than its tables")
    rows, sizes_of_sets, accept_ids, targets, defaults, accepts, labels, classes = views
    dfa = Dfa(
        bytes(classes),
        offsets_of(rows),
        bytes(labels),
        targets,
        defaults,
        accepts,
        offsets_of(sizes_of_sets),
        accept_ids,
    )
    fault = _check_ranges(dfa, n_patterns)
    if fault:
        raise BundleError(f"a group is damaged: {fault}")
    return dfa


def _check_ranges(dfa: Dfa, n_patterns: int) -> str:
    """What is out of range in a table, as a message or empty; fast enough for every table."""
    states, sets = len(dfa.defaults), len(dfa.accept_offsets) - 1
    offsets, ends = dfa.offsets, dfa.accept_offsets
    if states < 2 or sets < 1:
        return "no states"
    if offsets[0] or offsets[1] or dfa.defaults[0] or dfa.accepts[0]:
        return "the dead state is alive"
    if offsets[states] != len(dfa.labels):
        return "rows do not fit"
    if ends[0] or ends[1] or ends[sets] != len(dfa.accept_ids):
        return "accept sets do not fit"
    if greatest_short(dfa.targets) >= states or greatest_short(dfa.defaults) >= states:
        return "a transition leads nowhere"
    if len(set(dfa.classes)) <= max(dfa.classes) or max(dfa.labels, default=0) > max(dfa.classes):
        return "a class has no byte"
    if not ascend(offsets, bytes(dfa.labels)):
        return "a row does not ascend"
    if verify_runs("accept sets", ends, dfa.accept_ids, sets):
        return "an accept set does not ascend"
    if greatest_short(dfa.accepts) >= sets or max(dfa.accept_ids, default=-1) >= n_patterns:
        return "an accepted rule does not exist"
    return ""


def _cast(view: memoryview, kind: str) -> "memoryview | array[int]":
    if kind == "B":
        return view
    if sys.byteorder == "little":
        return view.cast("I") if kind == "I" else view.cast("H")
    swapped = array(kind, view.tobytes())
    swapped.byteswap()
    return swapped
