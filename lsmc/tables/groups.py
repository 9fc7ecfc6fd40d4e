"""Groups: decision tables as bytes and back.

One group is one automaton over whole keys, a class code followed by the request's fields joined by NUL;
what it accepts are numbers of its own, mapped to rules by the unit.
"""

from __future__ import annotations

import sys
from array import array

from lsmc.automata.dfa import Dfa, verify
from lsmc.automata.pattern import Literal, Pattern, concat
from lsmc.ir.model import Rule
from lsmc.tables.errors import BundleError
from lsmc.tables.layout import GROUP_HEADER, native


def key_pattern(rule: Rule) -> Pattern:
    """The pattern of the keys that a rule matches."""
    parts: list[Pattern] = [Literal(bytes((rule.cls.code,)))]
    for index, field in enumerate(rule.fields):
        if index:
            parts.append(Literal(b"\0"))
        parts.append(field)
    return concat(parts)


def make_key(code: int, fields: tuple[bytes, ...]) -> bytes:
    """The key of a request."""
    return bytes((code,)) + b"\0".join(fields)


def encode(dfa: Dfa) -> bytes:
    """The bytes of a group."""
    sets = len(dfa.accept_offsets) - 1
    return b"".join(
        (
            GROUP_HEADER.pack(dfa.n_states, len(dfa.labels), sets, len(dfa.accept_ids)),
            native(array("I", dfa.offsets)),
            native(array("I", dfa.accept_offsets)),
            native(array("I", dfa.accept_ids)),
            native(array("H", dfa.targets)),
            native(array("H", dfa.defaults)),
            native(array("H", dfa.accepts)),
            bytes(dfa.labels),
            bytes(dfa.classes),
        )
    )


def decode(data: memoryview, n_patterns: int) -> Dfa:
    """The table over its bytes, without copying; raises `BundleError` for anything out of range."""
    if len(data) < GROUP_HEADER.size:
        raise BundleError("a group is cut short")
    states, exceptions, sets, ids = GROUP_HEADER.unpack_from(data)
    sizes = (
        ("I", states + 1),
        ("I", sets + 1),
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
    offsets, accept_offsets, accept_ids, targets, defaults, accepts, labels, classes = views
    dfa = Dfa(
        bytes(classes),
        offsets,
        bytes(labels),
        targets,
        defaults,
        accepts,
        accept_offsets,
        accept_ids,
    )
    faults = verify(dfa, n_patterns)
    if faults:
        raise BundleError(f"a group is damaged: {faults[0]}")
    return dfa


def _cast(view: memoryview, kind: str) -> memoryview | array[int]:
    if kind == "B" or sys.byteorder == "little":
        return view.cast(kind) if kind != "B" else view
    swapped = array(kind, view.tobytes())
    swapped.byteswap()
    return swapped
