"""Walking keys through a decision table: the hot loops of every query.

A row is a default target and a few exceptions sorted by class (see `lsmc.automata.dfa`).  A walker
holds one table.  Compiled, it reads the arrays in place as C buffers.  Uncompiled, it scans the row
of a state met for the first time, and from the second time on writes the row out in full, so that a
step is one index: a single query touches little, and a batch runs on full rows.  Full rows for all
states were rejected: they take 512 bytes each and most are never met.

Tables from outside must have passed `verify`: the compiled loops do not check indexes.
The source is compiled by Cython where it can be; uncompiled it runs as it stands.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from lsmc.kernels import _nocython as cython

if cython.compiled:
    import cython  # type: ignore[no-redef]

_COLD = array("H")


def compiled() -> bool:
    """Whether the kernels run as C."""
    return bool(cython.compiled)


#: Where a row of `follow` holds what it stands for.
HERE = -1


def follow(row: dict[int, Any], key: bytes) -> Any:
    """What rows lead to by the bytes of a key, each to the next row; None where one is missing."""
    try:
        for byte in key:
            row = row[byte]
    except KeyError:
        return None
    return row[HERE]


@cython.ccall
@cython.locals(text="const unsigned char*", at="Py_ssize_t", size="Py_ssize_t")
@cython.locals(length="Py_ssize_t", dots="Py_ssize_t")
@cython.returns("bint")
def is_real_path(path: bytes) -> bool:
    """Whether the kernel can ask about a path: absolute, no empty component, no `.` and no `..`."""
    if not cython.compiled:
        return _is_real_text(path.decode("latin-1"))
    text = path
    size = len(path)
    if size == 0 or text[0] != 47:
        return False
    length = 0
    dots = 0
    for at in range(1, size):
        if text[at] > 47:  # most bytes, and no matter which
            length += 1
        elif text[at] == 47:
            if length <= 2 and dots == length:
                return False
            length = 0
            dots = 0
        elif text[at] == 46:
            length += 1
            dots += 1
        elif text[at] == 0:
            return False
        else:
            length += 1
    return length == 0 or length > 2 or dots != length


def _is_real_text(path: str) -> bool:
    """The same for a text, by what is fast in Python: searches in texts, not in bytes."""
    if not path.startswith("/") or "//" in path or "\0" in path:
        return False
    return "/." not in path or not ("/./" in path or "/../" in path or path.endswith(("/.", "/..")))


@cython.locals(view="const unsigned short[::1]", at="Py_ssize_t", found="unsigned short")
@cython.boundscheck(False)
@cython.wraparound(False)
def greatest_short(values: Sequence[int]) -> int:
    """The greatest of some 16-bit numbers; 0 for none."""
    if not cython.compiled:
        return max(values, default=0)
    view = values
    found = 0
    for at in range(len(view)):
        found = max(found, view[at])
    return found


@cython.cclass
class Walker:
    """A decision table, ready to be walked."""

    _classes = cython.declare("const unsigned char[::1]")
    _offsets = cython.declare("const unsigned int[::1]")
    _labels = cython.declare("const unsigned char[::1]")
    _targets = cython.declare("const unsigned short[::1]")
    _defaults = cython.declare("const unsigned short[::1]")
    _rows = cython.declare("dict")

    def __init__(
        self,
        classes: Sequence[int],
        offsets: Sequence[int],
        labels: Sequence[int],
        targets: Sequence[int],
        defaults: Sequence[int],
    ) -> None:
        self._classes = classes
        self._offsets = offsets
        self._labels = labels
        self._targets = targets
        self._defaults = defaults
        self._rows = {}

    @cython.locals(packed="unsigned long long")
    def walk(self, key: bytes) -> int:
        """The state that a key leads to; 0 when it dies on the way."""
        if cython.compiled:
            packed = self._follow(key)
            return packed & 0xFFFF if packed >> 16 == len(key) else 0
        rows = self._rows
        state = 1
        for byte in key:
            row = rows.get(state)
            if row:
                state = row[byte]
            elif row is None:
                rows[state] = _COLD
                state = self.step(state, byte)
            else:
                row = rows[state] = self._expand(state)
                state = row[byte]
            if not state:
                return 0
        return state

    @cython.locals(packed="unsigned long long")
    def depth(self, key: bytes) -> tuple[int, int]:
        """How many bytes of the key stay alive, and the last live state."""
        packed = self._follow(key)
        return packed >> 16, packed & 0xFFFF

    @cython.cfunc
    @cython.returns("unsigned long long")
    @cython.boundscheck(False)
    @cython.wraparound(False)
    @cython.locals(state="unsigned int", label="unsigned int", low="unsigned int")
    @cython.locals(high="unsigned int", middle="unsigned int", target="unsigned int")
    @cython.locals(at="unsigned long long", size="unsigned long long")
    @cython.locals(text="const unsigned char*")
    def _follow(self, key: bytes) -> int:
        """The number of bytes that stay alive, times 65536, plus the last live state."""
        state = 1
        text = key
        at = 0
        size = len(key)
        while at < size:
            label = self._classes[text[at]]
            low = self._offsets[state]
            high = self._offsets[state + 1]
            target = self._defaults[state]
            while low < high:
                middle = (low + high) >> 1
                if self._labels[middle] < label:
                    low = middle + 1
                elif self._labels[middle] > label:
                    high = middle
                else:
                    target = self._targets[middle]
                    break
            if target == 0:
                break
            state = target
            at += 1
        return at << 16 | state

    @cython.boundscheck(False)
    @cython.wraparound(False)
    @cython.locals(state="unsigned int", low="unsigned int", high="unsigned int")
    @cython.locals(index="unsigned int", default="unsigned int")
    def edges(self, state: int, masks: Sequence[int], every: int) -> Sequence[tuple[int, int]]:
        """Where a state leads: disjoint sets of bytes, each with its live target.

        `masks` are the sets of the classes, `every` is the set of all bytes.
        """
        low = self._offsets[state]
        high = self._offsets[state + 1]
        default = self._defaults[state]
        if default == 0 and high - low == 1:  # most states of most tables
            return ((masks[self._labels[low]], self._targets[low]),)
        by_target: dict[int, int] = {}
        rest = every
        for index in range(low, high):
            mask = masks[self._labels[index]]
            target = self._targets[index]
            by_target[target] = by_target.get(target, 0) | mask
            rest ^= mask
        by_target[default] = by_target.get(default, 0) | rest
        return tuple([(mask, target) for target, mask in by_target.items() if target and mask])

    def step(self, state: int, byte: int) -> int:
        """The state that one byte leads to from a state."""
        label = self._classes[byte]
        target: int = self._defaults[state]
        for index in range(self._offsets[state], self._offsets[state + 1]):
            if self._labels[index] == label:
                target = self._targets[index]
                break
        return target

    def _expand(self, state: int) -> array[int]:
        """A row in full: the target of each of the 256 bytes."""
        by_class = [self._defaults[state]] * 256
        for index in range(self._offsets[state], self._offsets[state + 1]):
            by_class[self._labels[index]] = self._targets[index]
        return array("H", [by_class[label] for label in self._classes])


@cython.cclass
class Matches:
    """A table, and numbers for what it accepts: which of them a key matches."""

    _walker = cython.declare("Walker")
    _accepts = cython.declare("const unsigned short[::1]")
    _offsets = cython.declare("const unsigned int[::1]")
    _ids = cython.declare("const unsigned int[::1]")
    _numbers = cython.declare("object")
    _sets = cython.declare("list")

    def __init__(
        self,
        walker: Walker,
        accepts: Sequence[int],
        offsets: Sequence[int],
        ids: Sequence[int],
        numbers: Sequence[int],
    ) -> None:
        """The accept set of each state, where sets begin, the ids in them, and their numbers."""
        self._walker = walker
        self._accepts = accepts
        self._offsets = offsets
        self._ids = ids
        self._numbers = numbers
        self._sets = [None] * (len(offsets) - 1)

    @cython.locals(number="int", index="int")
    def at(self, key: bytes) -> tuple[int, ...]:
        """The numbers that a key matches, in the order of their ids."""
        number = self._accepts[self._walker.walk(key)]
        known: tuple[int, ...] | None = self._sets[number]
        if known is None:
            low, high = self._offsets[number], self._offsets[number + 1]
            known = tuple([self._numbers[self._ids[index]] for index in range(low, high)])
            self._sets[number] = known
        return known


@cython.locals(found="list")
def matching(tables: Sequence[Matches], key: bytes) -> list[int]:
    """The numbers that a key matches in several tables, ascending."""
    found: list[int] = []
    for table in tables:
        found.extend(table.at(key))
    if len(found) > 1:
        found.sort()
    return found


@cython.cclass
class Reverse:
    """The edges of a decision table the other way round."""

    _starts = cython.declare("unsigned int[::1]")
    _sources = cython.declare("unsigned int[::1]")

    @cython.boundscheck(False)
    @cython.wraparound(False)
    @cython.locals(rows="const unsigned int[::1]", to="const unsigned short[::1]")
    @cython.locals(others="const unsigned short[::1]", starts="unsigned int[::1]")
    @cython.locals(places="unsigned int[::1]", sources="unsigned int[::1]", count="int")
    @cython.locals(state="int", index="int", target="int", size="int", last="int")
    def __init__(
        self, offsets: Sequence[int], targets: Sequence[int], defaults: Sequence[int], classes: int
    ) -> None:
        """The rows of a table with so many classes of bytes; the dead state is left out."""
        rows, to, others = offsets, targets, defaults
        count = len(defaults)
        size = classes
        starts = array("I", bytes(4 * (count + 1)))
        for state in range(1, count):
            for index in range(rows[state], rows[state + 1]):
                starts[to[index]] += 1
            if rows[state + 1] - rows[state] < size:
                starts[others[state]] += 1
        starts[0] = 0
        for state in range(count):
            starts[state + 1] += starts[state]
        last = starts[count]
        places = array("I", starts)  # where the sources of a state end, filled from the end
        sources = array("I", bytes(4 * max(last, 1)))
        for state in range(1, count):
            for index in range(rows[state], rows[state + 1]):
                target = to[index]
                if target:
                    places[target] -= 1
                    sources[places[target]] = state
            target = others[state]
            if target and rows[state + 1] - rows[state] < size:
                places[target] -= 1
                sources[places[target]] = state
        self._starts = places
        self._sources = sources

    @cython.locals(state="int", index="int", source="int", seen="bytearray", todo="list")
    @cython.locals(found="list")
    def before(self, ends: Iterable[int], limit: int) -> list[int]:
        """States that lead to some others, and these; not many more than the limit."""
        found: list[int] = list(dict.fromkeys(ends))
        seen = bytearray(len(self._starts))
        for state in found:
            seen[state] = 1
        todo = list(found)
        while todo and len(found) < limit:
            state = todo.pop()
            for index in range(self._starts[state], self._starts[state + 1]):
                source = self._sources[index]
                if not seen[source]:
                    seen[source] = 1
                    found.append(source)
                    todo.append(source)
        return found
