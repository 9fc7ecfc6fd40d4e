"""Exact questions about languages, by one worklist.

Intersection, difference and the like are never built: `search` walks the product of some automata
breadth first and stops at the first tuple of states that answers the question, so the answer comes
with a shortest witness.  Patterns are determinized only as far as the walk goes (`Lazy`); decision
tables (`Table`) take part on equal terms.  Building product automata was rejected: most questions
are settled within a few hundred states of products that have millions.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import Any, Protocol, TypeAlias, TypeVar

from lsmc.automata.alphabet import ALL, N_PRINTABLE, PREFERENCE, RANK, best_byte, ranks
from lsmc.automata.dfa import Dfa, StateLimit, class_masks
from lsmc.automata.nfa import build_nfa
from lsmc.automata.pattern import Chars, Concat, Literal, Pattern, Star, Union
from lsmc.kernels.product import Subsets

S = TypeVar("S", bound=Hashable)

States: TypeAlias = tuple[Any, ...]  # one state of each automaton; None where it is dead

#: How many tuples of states a question may take unless it is told otherwise.
LIMIT = 1_000_000


class Automaton(Protocol[S]):
    """A deterministic automaton, known by where it starts and where each state leads."""

    @property
    def start(self) -> S:
        """Where matching starts."""

    def edges(self, state: S) -> Sequence[tuple[int, S]]:
        """Disjoint sets of bytes, each with the live state that it leads to."""

    def accepts(self, state: S) -> tuple[int, ...]:
        """The numbers of the patterns that match here, ascending."""


class Lazy(Subsets):
    """Numbered patterns, determinized as far as they are looked at."""

    def __init__(self, *patterns: Pattern) -> None:
        """Patterns are numbered in order."""
        nfa = build_nfa(patterns)
        super().__init__(nfa.start, nfa.masks(), nfa.follows)


class Table:
    """A decision table as an automaton."""

    __slots__ = ("_known", "_masks", "_walker", "dfa", "start")

    def __init__(self, dfa: Dfa) -> None:
        """The table is used in place."""
        self.dfa = dfa
        self.start = 1
        self._walker = dfa.walker()
        self._masks = class_masks(bytes(dfa.classes))
        self._known: dict[int, Sequence[tuple[int, int]]] = {}

    def edges(self, state: int) -> Sequence[tuple[int, int]]:
        """Disjoint sets of bytes, each with the live state that it leads to."""
        found = self._known.get(state)
        if found is None:
            found = self._known[state] = self._walker.edges(state, self._masks, ALL)
        return found

    def accepts(self, state: int) -> tuple[int, ...]:
        """The patterns that match here, ascending."""
        return self.dfa.accept_ids_of(state)


def search(
    automata: Sequence[Automaton[Any]],
    goal: Callable[[States], bool],
    *,
    alive: Callable[[States], bool] | None = None,
    limit: int = LIMIT,
) -> bytes | None:
    """A shortest string that leads to a tuple of states meeting the goal; None if there is none.

    Among equally short strings, those with fewer unprintable bytes come first, then those whose
    bytes read best.  A dead automaton's state is None, for good.  `alive` may say of a tuple that
    no goal lies behind it.  Raises `StateLimit` past `limit` tuples.
    """
    return next(walk(automata, goal, alive=alive, limit=limit), None)


def walk(
    automata: Sequence[Automaton[Any]],
    goal: Callable[[States], bool],
    *,
    alive: Callable[[States], bool] | None = None,
    limit: int = LIMIT,
) -> Iterator[bytes]:
    """As `search`, a string for each tuple of states that meets the goal, in that order."""
    start: States = tuple(automaton.start for automaton in automata)
    if goal(start):
        yield b""
    if alive is not None and not alive(start):
        return
    seen = {start}
    # All paths of a level are equally long.  A tuple keeps its best path: fewest unprintable bytes,
    # then its place in the order of the level, which is that of its parent, then that of its byte.
    level: list[tuple[int, States, _Path]] = [(0, start, None)]
    while level:
        best: dict[States, tuple[int, int, int]] = {}
        for place, (unprintable, states, _) in enumerate(level):
            for mask, after in _product(automata, states):
                if after in seen:
                    continue
                rank = RANK[best_byte(mask)]
                path = (unprintable + (rank >= N_PRINTABLE), place, rank)
                if after not in best or path < best[after]:
                    best[after] = path
        seen.update(best)
        if len(seen) > limit:
            raise StateLimit(limit)
        for found in sorted(path for states, path in best.items() if goal(states)):
            yield _spell((PREFERENCE[found[2]], level[found[1]][2]))
        ordered = sorted(best.items(), key=_by_place)
        level = [
            (path[0], states, (PREFERENCE[path[2]], level[path[1]][2]))
            for states, path in ordered
            if alive is None or alive(states)
        ]


# The last byte of a path, and the path before it.
_Path: TypeAlias = "tuple[int, _Path] | None"


def _by_place(item: tuple[States, tuple[int, int, int]]) -> tuple[int, int]:
    return item[1][1], item[1][2]


def _spell(path: _Path) -> bytes:
    spelled = bytearray()
    while path is not None:
        byte, path = path
        spelled.append(byte)
    return bytes(reversed(spelled))


def _product(automata: Sequence[Automaton[Any]], states: States) -> Iterable[tuple[int, States]]:
    """Where a tuple of states leads, by disjoint sets that cover all bytes."""
    pieces: list[tuple[int, States]] = [(ALL, ())]
    for automaton, state in zip(automata, states, strict=True):
        if state is None:
            pieces = [(mask, (*before, None)) for mask, before in pieces]
            continue
        edges = automaton.edges(state)
        cut: list[tuple[int, States]] = []
        for mask, before in pieces:
            rest = mask
            for edge, target in edges:
                if rest & edge:
                    cut.append((rest & edge, (*before, target)))
                    rest &= ~edge
                    if not rest:
                        break
            if rest:
                cut.append((rest, (*before, None)))
        pieces = cut
    return pieces


Language: TypeAlias = Pattern | Automaton[Any]


def automaton(language: Language) -> Automaton[Any]:
    """A pattern as an automaton; an automaton as it is."""
    if isinstance(language, Literal | Chars | Star | Concat | Union):
        return Lazy(language)
    return language


def shortest(a: Language) -> bytes | None:
    """A shortest member, the one that reads best."""
    one = automaton(a)
    return search(
        [one],
        lambda states: states[0] is not None and bool(one.accepts(states[0])),
        alive=lambda states: states[0] is not None,
    )


def intersection(a: Language, b: Language, limit: int = LIMIT) -> bytes | None:
    """A shortest string in both."""
    one, two = automaton(a), automaton(b)

    def alive(states: States) -> bool:
        return states[0] is not None and states[1] is not None

    def goal(states: States) -> bool:
        return alive(states) and bool(one.accepts(states[0]) and two.accepts(states[1]))

    return search([one, two], goal, alive=alive, limit=limit)


def difference(a: Language, b: Language, limit: int = LIMIT) -> bytes | None:
    """A shortest string in `a` that is not in `b`."""
    one, two = automaton(a), automaton(b)

    def alive(states: States) -> bool:
        return states[0] is not None

    def goal(states: States) -> bool:
        inside = alive(states) and bool(one.accepts(states[0]))
        return inside and (states[1] is None or not two.accepts(states[1]))

    return search([one, two], goal, alive=alive, limit=limit)


def contains(a: Language, b: Language) -> bool:
    """Whether everything in `b` is in `a`."""
    return difference(b, a) is None


def equivalent(a: Language, b: Language) -> bool:
    """Whether both have the same members."""
    return contains(a, b) and contains(b, a)


def alternatives(a: Language, n: int) -> list[bytes]:
    """The first `n` members: the shortest, and among equals those that read best byte by byte."""
    return list(islice(in_order(a), n))


def in_order(a: Language) -> Iterator[bytes]:
    """All members, the shortest first, and among equals those that read best byte by byte."""
    return _members(automaton(a))


def _members(one: Automaton[Any]) -> Iterator[bytes]:
    """All members, shortest first."""
    # levels[k]: the states that k bytes can lead to.
    levels: list[dict[Any, None]] = [{one.start: None}]
    while levels[-1]:
        useful = [{state for state in levels[-1] if one.accepts(state)}]
        if useful[0]:
            # Keep the states from which some accepting state is exactly that many bytes away.
            for level in reversed(levels[:-1]):
                later = useful[-1]
                useful.append(
                    {state for state in level if any(to in later for _, to in one.edges(state))}
                )
            useful.reverse()
            yield from _spelled(one, useful)
        levels.append({to: None for state in levels[-1] for _, to in one.edges(state)})


def _spelled(one: Automaton[Any], useful: list[set[Any]]) -> Iterator[bytes]:
    """The strings that stay within the useful states, level by level, in order of preference."""
    length = len(useful) - 1
    if length == 0:
        yield b""
        return
    spelled = bytearray()
    stack = [_choices(one, one.start, useful[1])]
    while stack:
        choice = next(stack[-1], None)
        if choice is None:
            stack.pop()
            if spelled:
                spelled.pop()
            continue
        rank, state = choice
        spelled.append(PREFERENCE[rank])
        if len(spelled) == length:
            yield bytes(spelled)
            spelled.pop()
        else:
            stack.append(_choices(one, state, useful[len(spelled) + 1]))


def _choices(one: Automaton[Any], state: Any, useful: set[Any]) -> Iterator[tuple[int, Any]]:
    """The ranked bytes that lead from a state to a useful one."""
    edges = [(mask, to) for mask, to in one.edges(state) if to in useful]
    # the sets of edges are disjoint, so no two ranks are equal and the states are never compared
    return merge(*([(rank, to) for rank in ranks(mask)] for mask, to in edges))
