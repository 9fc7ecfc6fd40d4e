"""Automata looked at as far as a question goes, alone and in products: the hot loops of analyses.

An automaton has a `start`, and tells of a state its `edges`, disjoint sets of bytes (integers with
a bit for each) with the state that each leads to, and what it `accepts`.  A state of a product is a
tuple of states; here there is none where one of the automata is dead.

The source is compiled by Cython where it can be; uncompiled it runs as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lsmc.kernels import _nocython as cython

if cython.compiled:
    import cython  # type: ignore[no-redef]

Positions = tuple[int, ...]
States = tuple[Any, ...]
Edges = Sequence[tuple[int, Any]]

#: The rank of the best byte of a set.
Rank = Callable[[int], int]


_HALF = 31  # bits of a state of a pair
_LOW = (1 << 31) - 1


class LimitError(Exception):
    """A product has more states than it may have."""


@cython.cclass
class Subsets:
    """Sets of positions as the states of an automaton, each looked at when first asked about.

    States are numbers.  A negative position accepts: `~position` is the number of a pattern.
    """

    start = cython.declare("long long", visibility="readonly")
    _masks = cython.declare("list")
    _follows = cython.declare("list")
    _numbers = cython.declare("dict")
    _states = cython.declare("list")
    _known = cython.declare("list")

    def __init__(self, start: Positions, masks: list[int], follows: list[Positions]) -> None:
        """Where matching starts; the bytes of each position, and what may follow it, ascending."""
        self._masks = masks
        self._follows = follows
        self._numbers = {}
        self._states = []
        self._known = []  # the edges of states
        self.start = self._number(start)

    @cython.ccall
    @cython.returns("object")
    def edges(self, state: cython.longlong) -> Edges:
        """Disjoint sets of bytes, each with the state that it leads to."""
        found: Edges | None = self._known[state]
        if found is None:
            found = self._known[state] = self._edges(self._states[state])
        return found

    @cython.ccall
    @cython.locals(positions="tuple")
    def accepts(self, state: cython.longlong) -> tuple[int, ...]:
        """The patterns that match here, ascending."""
        positions: Positions = self._states[state]
        if not positions or positions[0] >= 0:
            return ()
        return tuple([~position for position in reversed(positions) if position < 0])

    @cython.cfunc
    @cython.returns("long long")
    def _number(self, positions: Positions) -> int:
        number: int | None = self._numbers.get(positions)
        if number is None:
            number = self._numbers[positions] = len(self._states)
            self._states.append(positions)
            self._known.append(None)
        return number

    @cython.cfunc
    @cython.locals(state="tuple")
    @cython.returns("object")
    def _edges(self, state: Positions) -> Edges:
        if len(state) == 1 and state[0] >= 0:  # as most are
            return ((self._masks[state[0]], self._number(self._follows[state[0]])),)
        by_mask: dict[int, set[int]] = {}
        for position in state:
            if position >= 0:
                mask = self._masks[position]
                targets = by_mask.get(mask)
                if targets is None:
                    by_mask[mask] = set(self._follows[position])
                else:
                    targets.update(self._follows[position])
        single = 0
        wide: list[tuple[int, set[int]]] = []
        narrow: list[tuple[int, set[int]]] = []
        for mask, targets in by_mask.items():
            if mask & (mask - 1):
                wide = _refine(wide, mask, targets)
            else:
                narrow.append((mask, targets))
                single |= mask
        merged: dict[Positions, int] = {}
        for mask, targets in narrow:
            under = [more for other, more in wide if other & mask]
            key = tuple(sorted(targets.union(*under)))
            merged[key] = merged.get(key, 0) | mask
        for mask, targets in wide:
            if mask & ~single:
                key = tuple(sorted(targets))
                merged[key] = merged.get(key, 0) | mask & ~single
        return tuple([(mask, self._number(key)) for key, mask in merged.items()])


def _refine(
    atoms: list[tuple[int, set[int]]], mask: int, targets: set[int]
) -> list[tuple[int, set[int]]]:
    """Cut disjoint sets along one more, which adds its targets."""
    refined: list[tuple[int, set[int]]] = []
    for atom, held in atoms:
        if atom & mask:
            refined.append((atom & mask, held | targets))
        if atom & ~mask:
            refined.append((atom & ~mask, held))
        mask &= ~atom
    if mask:
        refined.append((mask, targets))
    return refined


@cython.cclass
class Pair:
    """Two automata that go on together, as one; a state is made of both numbers."""

    start = cython.declare("long long", visibility="readonly")
    _one = cython.declare("Subsets")
    _other = cython.declare("Subsets")

    def __init__(self, one: Subsets, other: Subsets) -> None:
        self._one = one
        self._other = other
        self.start = one.start << _HALF | other.start

    @cython.locals(state="long long", a="long long", b="long long", found="list")
    def edges(self, state: int) -> Edges:
        """Disjoint sets of bytes on which both go on, each with the state it leads to."""
        found: list[tuple[int, int]] = []
        others = self._other.edges(state & _LOW)
        for mask, a in self._one.edges(state >> _HALF):
            for more, b in others:
                both = mask & more
                if both:
                    found.append((both, a << _HALF | b))
        return found

    @cython.locals(state="long long")
    def accepts(self, state: int) -> tuple[int, ...]:
        """What the first matches here; none where the second matches nothing."""
        return self._one.accepts(state >> _HALF) if self._other.accepts(state & _LOW) else ()


@cython.cclass
class Along:
    """The automaton of one numbered pattern, which knows what others match at its members.

    A state is that of the one, and of each other that is alive with its number, ascending; there is
    none where the one is dead.  Rules part in their first bytes, so of many others few live long.
    """

    start = cython.declare("tuple", visibility="readonly")
    _number = cython.declare("long long")
    _one = cython.declare("Subsets")
    _others = cython.declare("dict")

    def __init__(self, number: int, one: Subsets, others: Mapping[int, Subsets]) -> None:
        """Each automaton holds one pattern; the number of the one is not among the others."""
        self._number = number
        self._one = one
        self._others = dict(others)
        beside = tuple([(other, others[other].start) for other in sorted(others)])
        self.start = (one.start, beside)

    @cython.locals(found="list", pieces="list", cut="list", beside="tuple", held="tuple")
    @cython.locals(other="Subsets")
    def edges(self, state: tuple[int, tuple[tuple[int, int], ...]]) -> Edges:
        """Disjoint sets of bytes that the one goes on with, each with the state it leads to."""
        mine, beside = state
        found: list[tuple[int, Any]] = []
        for mask, target in self._one.edges(mine):
            pieces: list[tuple[int, tuple[tuple[int, int], ...]]] = [(mask, ())]
            for number, at in beside:
                other = self._others[number]
                edges = other.edges(at)
                cut: list[tuple[int, tuple[tuple[int, int], ...]]] = []
                for piece, held in pieces:
                    rest = piece
                    for edge, after in edges:
                        both = rest & edge
                        if both:
                            cut.append((both, (*held, (number, after))))
                            rest ^= both
                            if not rest:
                                break
                    if rest:
                        cut.append((rest, held))
                pieces = cut
            for piece, held in pieces:
                found.append((piece, (target, held)))
        return found

    @cython.locals(beside="tuple", other="Subsets")
    def accepts(self, state: tuple[int, tuple[tuple[int, int], ...]]) -> tuple[int, ...]:
        """The numbers of all that match, ascending; none where the one does not."""
        mine, beside = state
        if not self._one.accepts(mine):
            return ()
        found = [self._number]
        for number, at in beside:
            other = self._others[number]
            if other.accepts(at):
                found.append(number)
        found.sort()
        return tuple(found)


@cython.locals(states="tuple", pieces="list", cut="list", at="int")
def steps(edges: Sequence[Callable[[Any], Edges]], states: States) -> list[tuple[int, States]]:
    """Where all go on together from a tuple of states, by disjoint sets of bytes."""
    pieces: list[tuple[int, States]] = [(mask, (to,)) for mask, to in edges[0](states[0])]
    for at in range(1, len(edges)):
        cut: list[tuple[int, States]] = []
        others = edges[at](states[at])
        for mask, before in pieces:
            for more, other in others:
                both = mask & more
                if both:
                    cut.append((both, (*before, other)))
        pieces = cut
    return pieces


@cython.locals(best="dict", seen="set", level="list", levels="list", ordered="list", goals="list")
@cython.locals(place="long long", cost="long long", unprintable="long long", printable="long long")
def shortest(
    automata: Sequence[Any], goal: Callable[[States], bool], rank: Rank, printable: int, limit: int
) -> list[int] | None:
    """The ranks of the bytes to a first tuple of states that meets a goal; None without one.

    Fewest bytes come first, then fewest of a rank from `printable` on, then the least ranks from
    the beginning on.  Raises `LimitError` past `limit` tuples of states.
    """
    edges = [automaton.edges for automaton in automata]
    states: States = tuple([automaton.start for automaton in automata])
    spelled: list[int] = []
    seen = {states}
    while not goal(states):  # as long as there is one way on
        pieces = steps(edges, states)
        if len(pieces) != 1:
            break
        mask, states = pieces[0]
        if states in seen:
            return None
        spelled.append(rank(mask))
        seen.add(states)
    else:
        return spelled
    # A tuple keeps its best path: by unprintable bytes, then by place and byte.
    level: list[tuple[int, States]] = [(0, states)]
    levels: list[list[tuple[int, int]]] = []  # for each later level the place before, and the byte
    while level:
        best: dict[States, tuple[int, int, int]] = {}
        for place, (unprintable, states) in enumerate(level):
            for mask, after in steps(edges, states):
                if after not in seen:
                    cost = rank(mask)
                    path = (unprintable + (cost >= printable), place, cost)
                    known = best.get(after)
                    if known is None or path < known:
                        best[after] = path
        seen.update(best)
        if len(seen) > limit:
            raise LimitError
        goals = [path for states, path in best.items() if goal(states)]
        if goals:
            _, place, cost = min(goals)
            return spelled + _spelled(levels, place, cost)
        ordered = [(path[1], path[2], path[0], states) for states, path in best.items()]
        if len(ordered) > 1:
            ordered.sort(key=_by_place)
        level = [(path[2], path[3]) for path in ordered]
        levels.append([(path[0], path[1]) for path in ordered])
    return None


def _by_place(item: tuple[int, int, int, States]) -> tuple[int, int]:
    return item[0], item[1]


@cython.locals(place="long long", cost="long long")
def _spelled(levels: list[list[tuple[int, int]]], place: int, cost: int) -> list[int]:
    """The ranks of a path, from its last place back to the first."""
    spelled = [cost]
    for level in reversed(levels):
        place, cost = level[place]
        spelled.append(cost)
    spelled.reverse()
    return spelled


def reaches(automata: Sequence[Any], goal: Callable[[States], bool], limit: int) -> bool:
    """Whether any tuple of states meets a goal; raises `LimitError` past `limit` of them."""
    edges = [automaton.edges for automaton in automata]
    start: States = tuple([automaton.start for automaton in automata])
    seen = {start}
    todo = [start]
    while todo:
        states = todo.pop()
        if goal(states):
            return True
        for _, after in steps(edges, states):
            if after not in seen:
                seen.add(after)
                todo.append(after)
        if len(seen) > limit:
            raise LimitError
    return False


def all_accept(automata: Sequence[Any]) -> Callable[[States], bool]:
    """Whether all automata match at a tuple of states, as a goal."""
    tests = [automaton.accepts for automaton in automata]
    if len(tests) == 1:
        (one,) = tests
        return lambda states: bool(one(states[0]))

    def goal(states: States) -> bool:
        return all(test(state) for test, state in zip(tests, states, strict=True))

    return goal
