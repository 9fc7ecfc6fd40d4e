"""Finds the rules of a profile that match a key, in one walk for all of its groups.

A profile is many small automata.  They are walked together: a node stands for the states that all
of them are in, and its edges are computed when first taken and kept.  After a few requests a walk
is one dictionary look-up per byte, whatever the number of groups, and a node remembers what was
decided there.  The product is never built in advance: it may have more states than there are
requests.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from lsmc.ir.decision import Decision, Facts
from lsmc.ir.mediation import MediationClass
from lsmc.kernels.walk import HERE, follow
from lsmc.tables.bundle import Bundle, Unit
from lsmc.tables.records import Group, ProfileRecord, RuleRecord

if TYPE_CHECKING:
    from lsmc.automata.algebra import Table
    from lsmc.tables.reach import Reach

#: Nodes kept for a profile before they are dropped and worked out anew.
MAX_NODES = 200_000


#: From the rules that match an object to what they grant to its owner, or to others.
Decide = Callable[[Sequence[Facts], MediationClass, bool], Decision]


class MatchedRule(NamedTuple):
    """A rule that matches, and the includes that lead to its unit (place numbers)."""

    rule: RuleRecord
    via: tuple[int, ...]


class Node:
    """The states of all groups that are still alive after some bytes."""

    __slots__ = ("decisions", "edges", "live", "matched", "successors")

    def state_of(self, number: int) -> int:
        """The state of a group at this node, 0 when the group is dead."""
        return next((state for group, state in self.live if group == number), 0)

    def __init__(self, live: tuple[tuple[int, int], ...]) -> None:
        self.live = live  # (group, state) of each group that is not dead
        # by byte, the edges of the node that follows; at `HERE` the node itself
        self.edges: dict[int, Any] = {HERE: self}
        self.successors: tuple[tuple[int, Node], ...] | None = None
        self.matched: tuple[MatchedRule, ...] | None = None
        self.decisions: dict[object, Decision] = {}


class Matcher:
    """Matches keys against all groups of one profile."""

    def __init__(self, bundle: Bundle, profile: ProfileRecord, decide: Decide) -> None:
        """All units of the profile; `decide` is the precedence of the security module."""
        self.profile = profile
        self.precedence = decide
        uses = bundle.uses(profile)
        self._reaches = [(unit, index) for unit, _ in uses for index in range(unit.groups)]
        self._groups: list[tuple[Group, Unit, tuple[int, ...]]] = [
            (unit.group(index), unit, via) for unit, via in uses for index in range(unit.groups)
        ]
        self._walkers = [group.walker for group, _, _ in self._groups]
        self._tables: dict[int, Table] = {}
        self.forget()

    def forget(self) -> None:
        """Drop all nodes computed so far; they are computed again when needed."""
        self._nodes: dict[tuple[tuple[int, int], ...], Node] = {}
        self._root = self.node(tuple((number, 1) for number in range(len(self._groups))))

    def node(self, live: tuple[tuple[int, int], ...]) -> Node:
        """The node of some states, (group, state) of each group that is alive."""
        node = self._nodes.get(live)
        if node is None:
            node = self._nodes[live] = Node(live)
        return node

    def walk(self, key: bytes) -> Node:
        """The node that a key leads to."""
        node: Node | None = follow(self._root.edges, key)
        return node if node is not None else self._explore(key)

    def _explore(self, key: bytes) -> Node:
        """Like `walk`, and creates missing nodes."""
        if len(self._nodes) > MAX_NODES:
            self.forget()
        node = self._root
        for byte in key:
            node = self.step(node, byte)
        return node

    def step(self, node: Node, byte: int) -> Node:
        """The node that one byte leads to from a node."""
        row = node.edges.get(byte)
        if row is not None:
            known: Node = row[HERE]
            return known
        live: list[tuple[int, int]] = []
        for number, state in node.live:
            following = self._walkers[number].step(state, byte)
            if following:
                live.append((number, following))
        found = self.node(tuple(live))
        node.edges[byte] = found.edges
        return found

    def edges(self, node: Node) -> tuple[tuple[int, Node], ...]:
        """The edges of a node: disjoint sets of bytes, each with a node that is alive."""
        if node.successors is None:
            from lsmc.automata.alphabet import ALL

            pieces: list[tuple[int, tuple[tuple[int, int], ...]]] = [(ALL, ())]
            for number, state in node.live:
                cut: list[tuple[int, tuple[tuple[int, int], ...]]] = []
                edges = self._table(number).edges(state)
                for mask, live in pieces:
                    rest = mask
                    for edge, target in edges:
                        if rest & edge:
                            cut.append((rest & edge, (*live, (number, target))))
                            rest &= ~edge
                    if rest:
                        cut.append((rest, live))
                pieces = cut
            merged: dict[tuple[tuple[int, int], ...], int] = {}
            for mask, live in pieces:
                if live:
                    merged[live] = merged.get(live, 0) | mask
            node.successors = tuple((mask, self.node(live)) for live, mask in merged.items())
        return node.successors

    def _table(self, number: int) -> "Table":
        table = self._tables.get(number)
        if table is None:
            from lsmc.automata.algebra import Table

            table = self._tables[number] = Table(self._groups[number][0].dfa)
        return table

    def matched(self, node: Node) -> tuple[MatchedRule, ...]:
        """The rules that match at a node, in the order of the profile's units."""
        if node.matched is None:
            found: list[MatchedRule] = []
            for number, state in node.live:
                group, unit, via = self._groups[number]
                if group.dfa.accepts[state]:
                    found += [
                        MatchedRule(unit.rule(group.rules[i]), via)
                        for i in group.dfa.accept_ids_of(state)
                    ]
            found.sort(key=lambda match: match.rule.facts.id)
            node.matched = tuple(found)
        return node.matched

    def decide(self, node: Node, cls: MediationClass, owner: bool) -> Decision:
        """What the rules at a node grant."""
        decision = node.decisions.get(owner)
        if decision is None:
            facts: list[Facts] = [match.rule.facts for match in self.matched(node)]
            decision = node.decisions[owner] = self.precedence(facts, cls, owner)
        return decision

    def reach(self, number: int) -> "Reach":
        """The paths through a group."""
        return self._reaches[number][0].reach(self._reaches[number][1])

    def groups(self) -> list[tuple[Group, Unit, tuple[int, ...]]]:
        """The groups with their units and include chains."""
        return self._groups
