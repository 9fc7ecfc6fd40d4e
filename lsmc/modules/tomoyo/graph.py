"""The domains of a policy, and how tasks come from one to another.

Domains that policy lacks are nodes where a line leads to them, since the kernel makes them.  They
may lead on without end, by lines of groups that they inherit, so that only so many programs are
followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from lsmc.analysis.graph import Edge, GraphNode, RefusedExecution, Step, chain_to, reachable
from lsmc.modules.tomoyo.engine import Domain, TomoyoEngine
from lsmc.modules.tomoyo.evaluate import domain_named
from lsmc.modules.tomoyo.heirs import Way, ways
from lsmc.modules.tomoyo.names import namespace_of
from lsmc.modules.tomoyo.near import example_of
from lsmc.modules.tomoyo.patterns import glob
from lsmc.modules.tomoyo.vocabulary import FUNCTIONS, TASK
from lsmc.tables.records import Place

#: Programs behind the last domain of the policy that are followed.
_DEEP = 3


class DomainGraph:
    """The transitions of a policy."""

    def __init__(self, engine: TomoyoEngine) -> None:
        self.engine = engine
        #: The domains that were met and not followed.
        self.unfollowed: set[str] = set()
        self._ways: dict[str, tuple[Way, ...]] = {}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The domains of the policy, in order."""
        return tuple(self.engine.subjects)

    def subject(self, name: str) -> str:
        """A domain by its name; raises `UnknownName`."""
        return domain_named(self.engine, name).name

    def node(self, name: str) -> GraphNode:
        """The properties of a domain."""
        domain = domain_named(self.engine, name)
        before = name.rpartition(" ")[0]
        parent = before if self.engine.find(before) is not None else None
        kind = "domain" if domain.record is not None or not domain.heir else "made domain"
        return GraphNode(name, kind, self._mode(domain), parent)

    def _mode(self, domain: Domain) -> str:
        """The mode of a domain; of several, those that there are."""
        profile = self.engine.profile(namespace_of(domain.name), domain.profile)
        if profile is None:
            return "disabled"
        words = ((one, word) for one in FUNCTIONS for word in FUNCTIONS[one])
        return "/".join(dict.fromkeys(profile.mode(*one).mode for one in words))

    def _out(self, name: str) -> tuple[Way, ...]:
        found = self._ways.get(name)
        if found is None:
            domain = domain_named(self.engine, name)
            if domain.heir and self._depth(name) > _DEEP:
                self.unfollowed.add(name)
                found = ()
            else:
                found = tuple(ways(self.engine, domain))
            self._ways[name] = found
        return found

    def _depth(self, name: str) -> int:
        """The programs of a name behind the longest beginning that policy has."""
        depth = 0
        while name and self.engine.find(name) is None:
            name = name.rpartition(" ")[0]
            depth += 1
        return depth

    def edges(self, name: str) -> tuple[Edge, ...]:
        """The transitions out of a domain; executions that stay in it are none."""
        return tuple(dict.fromkeys(self._edges(name)))

    def _edges(self, name: str) -> Iterator[Edge]:
        for way in self._out(name):
            if not way.next.ready or way.next.name == name:
                continue
            by_itself = way.rule.acl.kind is TASK
            yield Edge(
                name,
                way.next.name,
                "change_profile" if by_itself else "exec",
                way.next.how,
                way.word if by_itself else example_of(glob(way.word)) or way.word,
                rule=way.rule.number,
            )

    def refused(self, name: str) -> tuple[RefusedExecution, ...]:
        """The executions that a line grants and that fail."""
        return tuple(
            RefusedExecution(name, way.next.how, way.word, True, way.rule.number)
            for way in self._out(name)
            if not way.next.ready
        )

    def reach(self, start: str) -> dict[str, Step]:
        """The domains that can be reached, each with the last step of a shortest chain."""
        return reachable(self.edges, start)

    def chain(self, start: str, target: str) -> list[Edge]:
        """A shortest chain of edges from one domain to another; empty when there is none."""
        return chain_to(target, self.reach(start))

    def place(self, rule: int) -> Place:
        """Where the line of a number is written."""
        return place_of(self.engine, rule)


def place_of(engine: TomoyoEngine, number: int) -> Place:
    """Where the line of a number in the bundle is written."""
    line = engine.bundle.line(number)
    end = line.column + len(line.text)
    return Place(line.file, line.line, line.column, line.line, end, line.text)
