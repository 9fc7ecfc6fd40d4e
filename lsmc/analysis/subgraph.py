"""Parts of a transition graph: what leads somewhere, how far, and by which kinds of transitions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from lsmc.analysis.graph import Edge, Graph, Kind, chain_to, reachable
from lsmc.engine.verdict import UNCONFINED


class Subgraph(NamedTuple):
    """Subjects of a graph, nearest first or in its order, with those of their edges that count.

    `start` is the subject from which all others are reached, if there is one; `whole` tells whether
    all edges of the subjects are there.
    """

    graph: Graph
    edges: Mapping[str, tuple[Edge, ...]]
    start: str | None = None
    whole: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """The subjects, in order."""
        return tuple(self.edges)


def part_of(
    graph: Graph,
    start: str | None = None,
    target: str | None = None,
    depth: int | None = None,
    kinds: Collection[Kind] = (),
) -> Subgraph:
    """The subjects between two, or behind one, or before one, or all.

    Nothing behind `unconfined` is followed: whoever is there may go anywhere.

    Args:
        graph: the graph.
        start: only what can be reached from here.
        target: only what leads here.
        depth: chains of at most so many transitions.
        kinds: only transitions of these kinds; all when empty.
    """

    def edges(name: str) -> tuple[Edge, ...]:
        return tuple(edge for edge in graph.edges(name) if not kinds or edge.kind in kinds)

    if start is None:
        names: list[str] = list(graph.names)
    else:
        after = _distances(lambda name: [e.target for e in edges(name)], start, depth)
        names = [name for name in after if name != UNCONFINED or name == start]
    found = {name: edges(name) for name in names}
    if target is not None:
        found = _leading(found, start, target, depth)
    elif depth is not None and start is not None:
        found = {name: some if after[name] < depth else () for name, some in found.items()}
    return Subgraph(graph, found, start, whole=(target, depth) == (None, None) and not kinds)


def route(graph: Graph, start: str, target: str, kinds: Collection[Kind] = ()) -> Subgraph | None:
    """A shortest chain from one subject to another; None when there is none."""

    def edges(name: str) -> Iterable[Edge]:
        return (edge for edge in graph.edges(name) if not kinds or edge.kind in kinds)

    steps = reachable(edges, start, ends=(UNCONFINED,))
    if target != start and target not in steps:
        return None
    chain = chain_to(target, steps) if target != start else []
    return Subgraph(graph, {edge.source: (edge,) for edge in chain}, start, whole=False)


def _leading(
    found: Mapping[str, tuple[Edge, ...]], start: str | None, target: str, depth: int | None
) -> dict[str, tuple[Edge, ...]]:
    """Of some subjects and edges, those on a chain to a subject that is not too long."""
    before: dict[str, list[str]] = {}
    for name, edges in found.items():
        for edge in edges:
            before.setdefault(edge.target, []).append(name)
    left = _distances(lambda name: before.get(name, ()), target, depth)
    gone = dict.fromkeys(found, 0)
    if start is not None:
        gone = _distances(lambda name: [e.target for e in found.get(name, ())], start, depth)
    most = len(found) * 2 if depth is None else depth
    kept = {
        name: tuple(
            edge
            for edge in edges
            if edge.target in left and gone[name] + 1 + left[edge.target] <= most
        )
        for name, edges in found.items()
        if name in left and name in gone
    }
    return {name: edges for name, edges in kept.items() if edges}


def _distances(
    following: Callable[[str], Iterable[str]], start: str, depth: int | None
) -> dict[str, int]:
    """The distance of each subject that can be reached from one, nearest first."""
    found = {start: 0}
    waiting = deque([start])
    while waiting:
        name = waiting.popleft()
        if depth is not None and found[name] >= depth:
            continue
        if name == UNCONFINED and name != start:
            continue
        for other in following(name):
            if other not in found:
                found[other] = found[name] + 1
                waiting.append(other)
    return found
