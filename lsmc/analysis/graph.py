"""The transition graph of a policy as data: subjects, and the transitions between them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Literal, NamedTuple, Protocol

from lsmc.tables.records import Place

Kind = Literal["exec", "change_profile", "change_hat", "mode"]


class Edge(NamedTuple):
    """A transition from one subject to another.

    `mode` is the exec mode as written, or the mode of a profile that confines nothing; `object` is
    an example: the path that is executed, or the name that is asked for.  `rule` is the number of
    the rule in the tables, None where no rule is asked.  With `fallback` the profile that the rule
    names does not exist for this path.
    """

    source: str
    target: str
    kind: Kind
    mode: str = ""
    object: str = ""
    owner: bool = True
    rule: int | None = None
    fallback: bool = False


class RefusedExecution(NamedTuple):
    """An execution that a rule allows and that fails, because its target does not exist."""

    source: str
    mode: str
    object: str
    owner: bool
    rule: int


class Step(NamedTuple):
    """The last edge on the way to a subject, and the subject before it (which may be a stack)."""

    before: str
    edge: Edge


class Ways(NamedTuple):
    """The edges of a profile, and the executions that fail."""

    edges: tuple[Edge, ...]
    refused: tuple[RefusedExecution, ...]


class GraphNode(NamedTuple):
    """A subject: its kind in the module's words, its mode, and the subject that contains it."""

    name: str
    kind: str
    mode: str | None = None
    parent: str | None = None


class Graph(Protocol):
    """The subjects of a policy and their transitions; edges are computed on demand."""

    @property
    def names(self) -> tuple[str, ...]:
        """The subjects of the policy, in order."""

    @property
    def unfollowed(self) -> Collection[str]:
        """The subjects that were met but whose edges are not computed."""

    def subject(self, name: str) -> str:
        """A subject by one of its names; raises `UnknownName`, `RequestError`."""

    def node(self, name: str) -> GraphNode:
        """The properties of a subject."""

    def edges(self, name: str) -> tuple[Edge, ...]:
        """The transitions out of a subject."""

    def refused(self, name: str) -> tuple[RefusedExecution, ...]:
        """The executions by a subject that fail."""

    def reach(self, start: str) -> dict[str, Step]:
        """The reachable subjects, each with the last step of a shortest chain."""

    def chain(self, start: str, target: str) -> list[Edge]:
        """A shortest chain of edges from one subject to another; empty when there is none."""

    def place(self, rule: int) -> Place:
        """Where the rule of a number in the tables is written."""


def reachable(
    edges: Callable[[str], Iterable[Edge]], start: str, *, ends: Collection[str] = ()
) -> dict[str, Step]:
    """The subjects that can be reached from one, each with the last step of a shortest chain.

    The edges of `ends` are followed only from the start.
    """
    found: dict[str, Step] = {}
    level = [start]
    while level:
        following: list[str] = []
        for name in level:
            if name in ends and name != start:
                continue
            for edge in edges(name):
                if edge.target != start and edge.target not in found:
                    found[edge.target] = Step(name, edge)
                    following.append(edge.target)
        level = following
    return found


def chain_to(target: str, steps: Mapping[str, Step]) -> list[Edge]:
    """The chain of edges that ends at a subject, from the steps of `reachable`."""
    chain: list[Edge] = []
    while target in steps:
        chain.append(steps[target].edge)
        target = steps[target].before
    return chain[::-1]
