"""Searches for strings that several automata match together.

They give the answers of `automata.algebra.search`, which walks on where some of the automata are
dead, since its goals may want that.  Here nothing lies behind a dead one, so most of the product is
never made: checks compare rules by the ten thousand, and nearly all part in their first bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lsmc.automata.algebra import Automaton, States
from lsmc.automata.alphabet import ALL, N_PRINTABLE, PREFERENCE, RANK, best_byte
from lsmc.automata.dfa import StateLimit

#: Tuples of states before a search is given up.
LIMIT = 1_000_000


class Complement:
    """What an automaton does not match; it never dies."""

    def __init__(self, of: Automaton[Any]) -> None:
        self._of = of
        self.start: Any = of.start

    def edges(self, state: Any) -> list[tuple[int, Any]]:
        """Disjoint sets of bytes, each with the state that it leads to."""
        if state is None:
            return [(ALL, None)]
        found: list[tuple[int, Any]] = [*self._of.edges(state)]
        rest = ALL
        for mask, _ in found:
            rest ^= mask
        if rest:
            found.append((rest, None))
        return found

    def accepts(self, state: Any) -> tuple[int, ...]:
        """One pattern."""
        return () if state is not None and self._of.accepts(state) else (0,)


def shortest(
    automata: Sequence[Automaton[Any]], goal: Callable[[States], bool], limit: int = LIMIT
) -> bytes | None:
    """The first string by `alphabet.cost` where all are alive and a goal is met; None without one.

    Raises `StateLimit` past `limit` tuples of states.
    """
    states: States = tuple(automaton.start for automaton in automata)
    spelled = bytearray()
    seen = {states}
    while not goal(states):  # as long as there is one way on
        pieces = steps(automata, states)
        if len(pieces) != 1:
            break
        mask, states = pieces[0]
        if states in seen:
            return None
        spelled.append(best_byte(mask))
        seen.add(states)
    else:
        return bytes(spelled)
    # as in `search`: a tuple keeps its best path, by what is unprintable, then by place and byte
    level: list[tuple[int, States]] = [(0, states)]
    levels: list[list[tuple[int, int]]] = []  # for each later level the place before, and the byte
    while level:
        best: dict[States, tuple[int, int, int]] = {}
        for place, (unprintable, states) in enumerate(level):
            for mask, after in steps(automata, states):
                if after in seen:
                    continue
                rank = RANK[best_byte(mask)]
                path = (unprintable + (rank >= N_PRINTABLE), place, rank)
                if after not in best or path < best[after]:
                    best[after] = path
        seen.update(best)
        if len(seen) > limit:
            raise StateLimit(limit)
        goals = [path for states, path in best.items() if goal(states)]
        if goals:
            _, place, rank = min(goals)
            return bytes(spelled) + _spell(levels, place, rank)
        ordered = [(path[1], path[2], path[0], states) for states, path in best.items()]
        if len(ordered) > 1:
            ordered.sort(key=_by_place)
        level = [(unprintable, states) for _, _, unprintable, states in ordered]
        levels.append([(place, rank) for place, rank, _, _ in ordered])
    return None


def _by_place(item: tuple[int, int, int, States]) -> tuple[int, int]:
    return item[0], item[1]


def _spell(levels: Sequence[Sequence[tuple[int, int]]], place: int, rank: int) -> bytes:
    """The bytes of a path from its last place back to the first."""
    spelled = bytearray((PREFERENCE[rank],))
    for level in reversed(levels):
        place, rank = level[place]
        spelled.append(PREFERENCE[rank])
    return bytes(reversed(spelled))


def steps(automata: Sequence[Automaton[Any]], states: States) -> Sequence[tuple[int, States]]:
    """Where all go on together from a tuple of states, by disjoint sets of bytes."""
    if len(states) == 2:  # as most often
        edges = automata[1].edges(states[1])
        return [
            (both, (one, other))
            for mask, one in automata[0].edges(states[0])
            for edge, other in edges
            if (both := mask & edge)
        ]
    pieces: list[tuple[int, States]] = [(mask, (to,)) for mask, to in automata[0].edges(states[0])]
    for automaton, state in zip(automata[1:], states[1:], strict=True):
        edges = automaton.edges(state)
        pieces = [
            (both, (*before, target))
            for mask, before in pieces
            for edge, target in edges
            if (both := mask & edge)
        ]
    return pieces


def shortest_common(automata: Sequence[Automaton[Any]], limit: int = LIMIT) -> bytes | None:
    """The common member that comes first by `alphabet.cost`; None when there is none.

    Raises `StateLimit`.
    """
    return shortest(automata, _acceptance(automata), limit)


def _acceptance(automata: Sequence[Automaton[Any]]) -> Callable[[States], bool]:
    """Whether all match at a tuple of states."""
    if len(automata) == 2:
        one, other = automata[0].accepts, automata[1].accepts
        return lambda states: bool(one(states[0]) and other(states[1]))
    tests = tuple(automaton.accepts for automaton in automata)
    return lambda states: all(test(at) for test, at in zip(tests, states, strict=True))


def have_common(automata: Sequence[Automaton[Any]], limit: int = LIMIT) -> bool:
    """Whether there is a common member; raises `StateLimit`."""
    start: States = tuple(automaton.start for automaton in automata)
    is_common = _acceptance(automata)
    seen = {start}
    todo = [start]
    while todo:
        states = todo.pop()
        if is_common(states):
            return True
        for _, after in steps(automata, states):
            if after not in seen:
                seen.add(after)
                todo.append(after)
        if len(seen) > limit:
            raise StateLimit(limit)
    return False


def member(automaton: Automaton[Any], text: bytes) -> bool:
    """Whether an automaton matches a string."""
    state = automaton.start
    for byte in text:
        for mask, target in automaton.edges(state):
            if mask >> byte & 1:
                state = target
                break
        else:
            return False
    return bool(automaton.accepts(state))
