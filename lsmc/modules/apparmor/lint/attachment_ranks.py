"""Attachments racing for one path: which of several patterns ranks highest, as the kernel counts.

A pattern's rank at a path is the number of bytes before its automaton is in a state for the second
time (`decide/attachment.py`). A race walks one attachment with its rivals and remembers
of each rival whether its count ended before, with or after that of the first. So questions about
ranks are questions about reachable states, and the search ends with a path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from lsmc.automata.algebra import Table, search
from lsmc.automata.alphabet import ALL
from lsmc.automata.dfa import Dfa
from lsmc.automata.paths import FILES

BEFORE, SAME, AFTER = range(3)
#: States that were entered while the count goes on, None once it has ended.
Seen: TypeAlias = "frozenset[int] | None"


@dataclass(frozen=True, slots=True)
class RankState:
    """One automaton in a race; `relation` is how its count ended, for rivals only."""

    state: int
    seen: Seen
    relation: int = SAME


#: The first runner, then the rivals; None for a rival that is out.
State: TypeAlias = "tuple[RankState | None, ...]"


class Race:
    """An attachment and its rivals as one automaton; only paths that the first matches live on."""

    def __init__(self, first: Dfa, rivals: Sequence[Dfa]) -> None:
        self._tables = [Table(first), *(Table(dfa) for dfa in rivals)]
        self._dfas = [first, *rivals]
        runner = RankState(1, frozenset((1,)))
        self.start: State = (runner,) * len(self._tables)

    def edges(self, state: State) -> list[tuple[int, State]]:
        """Where a state leads."""
        pieces: list[tuple[int, tuple[int, ...]]] = [(ALL, ())]
        for number, runner in enumerate(state):
            if runner is None:
                pieces = [(mask, (*before, 0)) for mask, before in pieces]
                continue
            edges = self._tables[number].edges(runner.state)
            pieces = list(_cut(pieces, edges))
            if number == 0:
                pieces = [piece for piece in pieces if piece[1][0]]
        return [(mask, self._after(state, targets)) for mask, targets in pieces]

    def _after(self, state: State, targets: tuple[int, ...]) -> State:
        before = state[0]
        assert before is not None
        first = _step(before, targets[0])
        ended = before.seen is not None and first.seen is None  # the first one's count ends here
        runners: list[RankState | None] = [first]
        for runner, target in zip(state[1:], targets[1:], strict=True):
            if runner is None or not target:
                runners.append(None)
                continue
            after = _step(runner, target)
            stopped = runner.seen is not None and after.seen is None
            if before.seen is None:
                runners.append(RankState(target, None, runner.relation))
            elif ended:
                runners.append(RankState(target, None, SAME if stopped else AFTER))
            elif stopped:
                runners.append(None)  # it ranks lower, whatever follows
            else:
                runners.append(after)
        return tuple(runners)

    def accepts(self, state: State) -> tuple[int, ...]:
        """The numbers of the runners that match here."""
        return tuple(
            number
            for number, runner in enumerate(state)
            if runner is not None and self._dfas[number].accepts[runner.state]
        )

    def standing(self, state: State) -> tuple[list[int], list[int]]:
        """The rivals that match here with the same rank, and those with a higher one."""
        same: list[int] = []
        after: list[int] = []
        for number in self.accepts(state):
            runner = state[number]
            if number and runner is not None:
                (after if runner.relation == AFTER else same).append(number - 1)
        return same, after

    def find(
        self, goal: Callable[[list[int], list[int]], bool], limit: int, *, rivals: bool = False
    ) -> bytes | None:
        """A shortest path of the first one whose standing meets a goal; raises `StateLimit`.

        With `rivals` only paths on which some rival is still in are looked at.
        """

        def reached(states: tuple[Any, ...]) -> bool:
            state, path = states
            if state is None or path is None or not FILES.accepts(path):
                return False
            return 0 in self.accepts(state) and goal(*self.standing(state))

        def alive(states: tuple[Any, ...]) -> bool:
            state, path = states
            return state is not None and path is not None and (not rivals or any(state[1:]))

        return search([self, FILES], reached, alive=alive, limit=limit)


def _step(runner: RankState, target: int) -> RankState:
    if runner.seen is None or target in runner.seen:
        return RankState(target, None)
    return RankState(target, runner.seen | {target})


def _cut(
    pieces: list[tuple[int, tuple[int, ...]]], edges: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, tuple[int, ...]]]:
    for mask, before in pieces:
        rest = mask
        for edge, target in edges:
            if rest & edge:
                yield rest & edge, (*before, target)
                rest &= ~edge
        if rest:
            yield rest, (*before, 0)
