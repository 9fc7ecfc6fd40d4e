"""Parts of a transition graph."""

from __future__ import annotations

import pytest

import lsmc
from lsmc.analysis.graph import Graph
from lsmc.analysis.subgraph import Subgraph, part_of, route

POLICY = """
profile a /bin/a { /bin/b Px, /bin/c Px, change_profile -> d, }
profile b /bin/b { /bin/c Px, }
profile c /bin/c { /bin/u Ux, }
profile d /bin/d { /bin/a Px, }
profile e /bin/e { }
"""


@pytest.fixture(scope="module")
def graph() -> Graph:
    return lsmc.graph(lsmc.compile_text(POLICY))


def told(part: Subgraph) -> list[str]:
    return [f"{edge.source}>{edge.target}" for some in part.edges.values() for edge in some]


def test_all(graph: Graph) -> None:
    part = part_of(graph)
    assert part.names == graph.names
    assert told(part) == ["a>b", "a>c", "a>d", "b>c", "c>unconfined", "d>a"]


def test_what_can_be_reached_so_far(graph: Graph) -> None:
    assert told(part_of(graph, "b")) == ["b>c", "c>unconfined"]
    assert told(part_of(graph, "b", depth=1)) == ["b>c"]
    assert part_of(graph, "unconfined", depth=1).names == ("unconfined", *"abcde")


def test_what_leads_somewhere(graph: Graph) -> None:
    assert told(part_of(graph, target="c")) == ["a>b", "a>c", "a>d", "b>c", "d>a"]
    assert told(part_of(graph, target="c", depth=1)) == ["a>c", "b>c"]
    assert told(part_of(graph, "d", "c", depth=2)) == ["d>a", "a>c"]
    assert told(part_of(graph, "e", "c")) == []


def test_kinds(graph: Graph) -> None:
    assert told(part_of(graph, kinds=["change_profile"])) == ["a>d"]
    assert told(part_of(graph, target="unconfined", kinds=["change_profile"])) == []


def test_a_shortest_chain(graph: Graph) -> None:
    found = route(graph, "d", "unconfined")
    assert found is not None
    assert told(found) == ["d>a", "a>c", "c>unconfined"]
    assert route(graph, "c", "a") is None  # what is not confined may go anywhere
    assert route(graph, "d", "c", ["change_profile"]) is None
    stays = route(graph, "d", "d")
    assert stays is not None
    assert told(stays) == []
