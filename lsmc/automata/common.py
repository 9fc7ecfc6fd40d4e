"""Searches for strings that several automata match together.

They give the answers of `automata.algebra.search`, which walks on where some of the automata are
dead, since its goals may want that.  Here nothing lies behind a dead one, so most of the product is
never made: checks compare rules by the ten thousand, and nearly all part in their first bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lsmc.automata.algebra import Automaton, Lazy, States
from lsmc.automata.alphabet import ALL, N_PRINTABLE, PREFERENCE, best_rank
from lsmc.automata.dfa import StateLimit
from lsmc.kernels import product

#: Tuples of states before a search is given up.
LIMIT = 1_000_000


class Complement:
    """What an automaton does not match; it never dies."""

    def __init__(self, of: Automaton[Any]) -> None:
        self._of = of
        self.start: Any = of.start
        self._known: dict[Any, list[tuple[int, Any]]] = {None: [(ALL, None)]}

    def edges(self, state: Any) -> list[tuple[int, Any]]:
        """Disjoint sets of bytes, each with the state that it leads to."""
        known = self._known.get(state)
        if known is None:
            known = self._known[state] = self._edges(state)
        return known

    def _edges(self, state: Any) -> list[tuple[int, Any]]:
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
    try:
        found = product.shortest(automata, goal, best_rank, N_PRINTABLE, limit)
    except product.LimitError:
        raise StateLimit(limit) from None
    return None if found is None else bytes(found).translate(PREFERENCE)


def shortest_common(automata: Sequence[Automaton[Any]], limit: int = LIMIT) -> bytes | None:
    """The common member that comes first by `alphabet.cost`; None when there is none.

    Raises `StateLimit`.
    """
    automata = _paired(automata)
    return shortest(automata, product.all_accept(automata), limit)


def _paired(automata: Sequence[Automaton[Any]]) -> Sequence[Automaton[Any]]:
    """The same with two patterns that come first as one automaton."""
    if len(automata) > 1 and isinstance(automata[0], Lazy) and isinstance(automata[1], Lazy):
        return [product.Pair(automata[0], automata[1]), *automata[2:]]
    return automata


def have_common(automata: Sequence[Automaton[Any]], limit: int = LIMIT) -> bool:
    """Whether there is a common member; raises `StateLimit`."""
    automata = _paired(automata)
    try:
        return product.reaches(automata, product.all_accept(automata), limit)
    except product.LimitError:
        raise StateLimit(limit) from None


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
