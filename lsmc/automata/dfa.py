"""The decision table: a deterministic automaton over bytes with sparse rows.

Bytes fold into classes that no pattern tells apart.  A row is a default target and its exceptions,
sorted by class, in one run of two parallel arrays.  Policy automata are nearly all tries with a
few loops: a trie's row has one exception and a dead default, a loop's row has itself as the default
and `/` and NUL as exceptions.  A dense table was rejected: it takes thirty times the space.

State 0 is dead and state 1 the start, always.  Every array may be an `array`, `bytes` or a
`memoryview` cast over a file: a table from a bundle is used in place, once `verify` finds no fault.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import compress, islice
from operator import ge, gt
from typing import NamedTuple

from lsmc.base.errors import Error
from lsmc.kernels.walk import Reverse, Walker

MAX_STATES = 65535


class StateLimit(Error):
    """An automaton would have more states than allowed."""

    def __init__(self, limit: int, pattern: int | None = None) -> None:
        """`pattern` is the number of the one pattern that is too large by itself."""
        super().__init__(f"more than {limit} states")
        self.limit = limit
        self.pattern = pattern


class Dfa(NamedTuple):
    """A deterministic automaton whose states say which patterns match there."""

    classes: Sequence[int]  # byte -> class
    offsets: Sequence[int]  # state -> where its exceptions begin; one entry more than states
    labels: Sequence[int]  # exception -> class, ascending in a row
    targets: Sequence[int]  # exception -> state
    defaults: Sequence[int]  # state -> target of every class that is not an exception
    accepts: Sequence[int]  # state -> accept set; set 0 is empty
    accept_offsets: Sequence[int]  # accept set -> where its ids begin; one entry more than sets
    accept_ids: Sequence[int]  # pattern numbers, ascending in a set

    @property
    def n_states(self) -> int:
        """How many states there are, the dead one included."""
        return len(self.defaults)

    def walker(self) -> Walker:
        """The table made ready for many keys; it remembers rows, so keep it."""
        return Walker(self.classes, self.offsets, self.labels, self.targets, self.defaults)

    def reverse(self) -> Reverse:
        """The edges the other way round."""
        return Reverse(self.offsets, self.targets, self.defaults, max(self.classes) + 1)

    def walk(self, key: bytes) -> int:
        """The state that a key leads to; 0 when nothing can match any more."""
        consumed, state = self.depth(key)
        return state if consumed == len(key) else 0

    def depth(self, key: bytes) -> tuple[int, int]:
        """How many bytes of the key stay alive, and the last live state."""
        return self.walker().depth(key)

    def accept_ids_of(self, state: int) -> tuple[int, ...]:
        """The patterns that match a key leading to this state, ascending."""
        number = self.accepts[state]
        if not number:
            return ()
        low, high = self.accept_offsets[number], self.accept_offsets[number + 1]
        return tuple(self.accept_ids[low:high])

    def match(self, key: bytes) -> tuple[int, ...]:
        """The patterns that match a key, ascending."""
        return self.accept_ids_of(self.walk(key))

    def edges(self, state: int) -> Sequence[tuple[int, int]]:
        """Where a state leads: disjoint sets of bytes, each with its live target.

        Who asks often takes an `algebra.Table`.
        """
        from lsmc.automata.alphabet import ALL

        return self.walker().edges(state, class_masks(bytes(self.classes)), ALL)


@lru_cache(maxsize=256)
def class_masks(classes: bytes) -> tuple[int, ...]:
    """The set of bytes of each class."""
    masks = [0] * (max(classes) + 1)
    for byte, label in enumerate(classes):
        masks[label] |= 1 << byte
    return tuple(masks)


def verify(dfa: Dfa, n_patterns: int | None = None) -> list[str]:
    """The faults of a table that did not come from `determinize`; empty when it is safe to use."""
    faults: list[str] = []
    n_states = len(dfa.defaults)
    if len(dfa.classes) != 256 or max(dfa.classes) > 255:
        return ["classes: not 256 bytes"]
    if not 2 <= n_states <= MAX_STATES:
        return ["defaults: no dead state and start, or too many states"]
    if len(dfa.accepts) != n_states:
        faults.append("accepts: not one entry a state")
    if len(dfa.labels) != len(dfa.targets):
        faults.append("labels and targets differ in length")
    faults += verify_runs("rows", dfa.offsets, dfa.labels, n_states)
    faults += verify_runs(
        "accept sets", dfa.accept_offsets, dfa.accept_ids, len(dfa.accept_offsets) - 1
    )
    if max(dfa.labels, default=0) > max(dfa.classes):
        faults.append("labels: no such class")
    if max(dfa.targets, default=0) >= n_states or max(dfa.defaults) >= n_states:
        faults.append("targets: no such state")
    if max(dfa.accepts, default=0) >= len(dfa.accept_offsets) - 1:
        faults.append("accepts: no such set")
    if n_patterns is not None and max(dfa.accept_ids, default=-1) >= n_patterns:
        faults.append("accept ids: no such pattern")
    if faults:
        return faults
    if dfa.offsets[1] != 0 or dfa.defaults[0] != 0 or dfa.accepts[0] != 0:
        faults.append("state 0 is not dead")
    if dfa.accept_offsets[1] != 0:
        faults.append("accept set 0 is not empty")
    return faults


def verify_runs(name: str, offsets: Sequence[int], items: Sequence[int], count: int) -> list[str]:
    """Offsets cut the items into `count` runs, each strictly ascending."""
    if count < 1 or len(offsets) != count + 1:
        return [f"{name}: not one offset each and one more"]
    if offsets[0] != 0 or offsets[count] != len(items):
        return [f"{name}: offsets do not span the items"]
    if any(map(gt, offsets, islice(offsets, 1, None))):
        return [f"{name}: offsets do not ascend"]
    descents = compress(range(1, len(items)), map(ge, items, islice(items, 1, None)))
    if not set(descents).issubset(offsets):
        return [f"{name}: a run does not ascend"]
    return []
