"""Walking keys through a decision table: the hot loops of every query.

A row is a default target and a few exceptions sorted by class (see `lsmc.automata.dfa`).  Rows of
up to eight exceptions are scanned, longer ones bisected: measured, most rows have one.

The source is compiled by Cython where it can be; uncompiled it runs as it stands.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from lsmc.kernels import _nocython as cython

if cython.compiled:
    import cython  # type: ignore[no-redef]

SCANNED = 8


def compiled() -> bool:
    """Whether the kernels run as C."""
    return bool(cython.compiled)


@cython.locals(state="int", label="int", low="int", high="int")
def step(
    offsets: Sequence[int],
    labels: Sequence[int],
    targets: Sequence[int],
    defaults: Sequence[int],
    state: int,
    label: int,
) -> int:
    """The state after one byte of class `label`."""
    low = offsets[state]
    high = offsets[state + 1]
    low = bisect_left(labels, label, low, high)
    return targets[low] if low < high and labels[low] == label else defaults[state]


def depth(
    classes: Sequence[int],
    offsets: Sequence[int],
    labels: Sequence[int],
    targets: Sequence[int],
    defaults: Sequence[int],
    key: bytes,
) -> tuple[int, int]:
    """How many bytes of the key stay alive, and the last live state."""
    state = 1
    consumed = 0
    for byte in key:
        label = classes[byte]
        low = offsets[state]
        high = offsets[state + 1]
        target = defaults[state]
        if high - low > SCANNED:
            low = bisect_left(labels, label, low, high)
            if low < high and labels[low] == label:
                target = targets[low]
        else:
            while low < high:
                if labels[low] == label:
                    target = targets[low]
                    break
                low += 1
        if target == 0:
            return consumed, state
        state = target
        consumed += 1
    return consumed, state


def walk(
    classes: Sequence[int],
    offsets: Sequence[int],
    labels: Sequence[int],
    targets: Sequence[int],
    defaults: Sequence[int],
    key: bytes,
) -> int:
    """The state that a key leads to; 0 when it dies on the way."""
    consumed, state = depth(classes, offsets, labels, targets, defaults, key)
    return state if consumed == len(key) else 0


def expand(
    classes: Sequence[int],
    offsets: Sequence[int],
    labels: Sequence[int],
    targets: Sequence[int],
    defaults: Sequence[int],
    state: int,
) -> tuple[int, ...]:
    """One row in full: the target of each of the 256 bytes."""
    low = offsets[state]
    high = offsets[state + 1]
    by_class = [defaults[state]] * 256
    while low < high:
        by_class[labels[low]] = targets[low]
        low += 1
    return tuple([by_class[label] for label in classes])


def walk_many(
    classes: Sequence[int],
    offsets: Sequence[int],
    labels: Sequence[int],
    targets: Sequence[int],
    defaults: Sequence[int],
    keys: Iterable[bytes],
    rows: dict[int, tuple[int, ...]],
) -> list[int]:
    """The states that keys lead to.

    Rows are written out in full as they are visited, which makes a step one index; `rows` holds
    them and may be handed in again.
    """
    found: list[int] = []
    for key in keys:
        state = 1
        for byte in key:
            row = rows.get(state)
            if row is None:
                row = rows[state] = expand(classes, offsets, labels, targets, defaults, state)
            state = row[byte]
            if not state:
                break
        found.append(state)
    return found
