"""The rules of a class with several fields that come close to a request.

A rule is close when it differs in one field, or in two if none differs in one. Each field is
compared as what it is: the flags of a mount as a set, bus names, interfaces and paths by their
parts, anything else letter by letter. All rules of a group are followed at once: states of its
table that the fields so far lead to, each with the values that differ least from those of the
request.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from lsmc.automata.algebra import Table
from lsmc.automata.alphabet import best_byte
from lsmc.modules.apparmor.classes import DBUS, MOUNT
from lsmc.modules.apparmor.mount_flags import (
    BIND,
    BY_WORD,
    FLAGS,
    MOVE,
    PROPAGATION,
    REMOUNT,
    flag_string,
    flag_word,
)

if TYPE_CHECKING:
    from lsmc.automata.dfa import Dfa
    from lsmc.ir.mediation import MediationClass
    from lsmc.kernels.walk import Walker

#: Fields that may differ, and states that the search of one field may visit in a group.
MOST_FIELDS = 2
_STATES = 4096
_LENGTH = 200
_KINDS = (REMOUNT, BIND, PROPAGATION, MOVE)


class Close(NamedTuple):
    """A key that a group knows: how many fields differ from the request, how far, its values."""

    fields: int
    apart: int
    values: tuple[bytes, ...]


def is_set(cls: MediationClass, field: str) -> bool:
    """Whether a field holds a set of words, each with a comma behind it."""
    return cls is MOUNT and field == "options"


def parting(cls: MediationClass, one: bytes, other: bytes) -> int:
    """How far two values of a field agree; where it has parts, in whole parts."""
    pairs = enumerate(zip(one, other, strict=False))
    at = next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
    ends = b"./" if cls is DBUS else b"/" if cls is MOUNT else b""
    if not ends or at == len(one) == len(other):
        return at
    return max((one.rfind(end, 0, at) + 1 for end in ends), default=0)


def same_kind(cls: MediationClass, one: bytes, other: bytes) -> bool:
    """Whether two sets of flags are of one kind of mount."""
    return cls is not MOUNT or _kind(_bits(one)) == _kind(_bits(other))


def closest(
    dfa: Dfa, cls: MediationClass, values: tuple[bytes, ...]
) -> Iterator[tuple[int, Close]]:
    """The states where keys end that are close to one, each with the closest such key."""
    walker, table = dfa.walker(), Table(dfa)
    start = dfa.walk(bytes((cls.code,)))
    layer = {start: Close(0, 0, ())} if start else {}
    for index, value in enumerate(values):
        if index:
            layer = _next_field(walker, layer)
        if is_set(cls, cls.fields[index]):
            layer = _sets(walker, layer, _bits(value))
        else:
            layer = _texts(walker, table, layer, value, cls)
    yield from layer.items()


def _next_field(walker: Walker, layer: dict[int, Close]) -> dict[int, Close]:
    """Where the states lead by the end of a field."""
    found: dict[int, Close] = {}
    for state, one in layer.items():
        if to := walker.step(state, 0):
            _keep(found, to, one)
    return found


def _texts(
    walker: Walker,
    table: Table,
    layer: dict[int, Close],
    value: bytes,
    cls: MediationClass,
) -> dict[int, Close]:
    """Where the states lead by a field of text: by the value itself, or by the nearest others."""
    found: dict[int, Close] = {}
    heap: list[tuple[int, int, int, bytes, int, tuple[bytes, ...]]] = []
    for state, one in layer.items():
        at: int | None = state
        for length in range(len(value) + 1):
            if at is None or not at:
                break
            if length == len(value):
                _keep(found, at, Close(one.fields, one.apart, (*one.values, value)))
            if one.fields < MOST_FIELDS and parting(cls, value, value[:length]) == length:
                apart = one.apart + len(value) - length
                entry = (one.fields + 1, apart, 0, value[:length], at, one.values)
                heappush(heap, entry)
            at = walker.step(at, value[length]) if length < len(value) else None
    seen: set[int] = set()
    while heap and len(seen) < _STATES:
        fields, apart, more, text, state, before = heappop(heap)
        if state in seen or more > _LENGTH:
            continue
        seen.add(state)
        if text != value:
            _keep(found, state, Close(fields, apart, (*before, text)))
        for mask, to in table.edges(state):
            if mask & ~1 and to not in seen:
                longer = text + bytes((best_byte(mask & ~1),))
                heappush(heap, (fields, apart, more + 1, longer, to, before))
    return found


def _sets(walker: Walker, layer: dict[int, Close], wanted: int) -> dict[int, Close]:
    """Where the states lead by a set of flags: by the wanted one, or by the nearest others."""
    reached = {state: (one, 0, 0) for state, one in layer.items()}  # flags, and how many differ
    for flag in FLAGS:
        following = dict[int, tuple[Close, int, int]]()
        for state, (one, flags, differ) in reached.items():
            ways = [(state, flags, differ + bool(wanted & flag))]
            at = state
            for byte in flag_word(flag):
                at = walker.step(at, byte) if at else 0
            if at:
                ways.append((at, flags | flag, differ + (not wanted & flag)))
            for to, chosen, apart in ways:
                known = following.get(to)
                if known is None or (one.fields, apart) < (known[0].fields, known[2]):
                    following[to] = one, chosen, apart
        reached = following
    found: dict[int, Close] = {}
    for state, (one, flags, differ) in reached.items():
        fields = one.fields + bool(differ)
        if fields <= MOST_FIELDS:
            close = Close(fields, one.apart + differ, (*one.values, flag_string(flags)))
            _keep(found, state, close)
    return found


def _keep(found: dict[int, Close], state: int, one: Close) -> None:
    known = found.get(state)
    if known is None or one[:2] < known[:2]:
        found[state] = one


def _bits(value: bytes) -> int:
    return sum(BY_WORD.get(word.decode(), 0) for word in value.split(b",") if word)


def _kind(flags: int) -> int:
    """The kind of mount that the kernel takes flags for."""
    return next((kind for kind in _KINDS if flags & kind), 0)
