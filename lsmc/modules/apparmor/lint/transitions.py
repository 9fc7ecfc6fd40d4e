"""The transition graph of a tree, and the rules behind its edges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lsmc.analysis.graph import Edge
from lsmc.analysis.profile_view import Grants, ProfileView, UnitRule
from lsmc.base.text import encode
from lsmc.modules.apparmor.analysis.semantics import SEMANTICS
from lsmc.modules.apparmor.classes import CHANGE_PROFILE, FILE
from lsmc.modules.apparmor.lint.file_rules import EXECUTE
from lsmc.modules.apparmor.lint.references import graph_of
from lsmc.modules.apparmor.lint.tree import Tree


def executions(tree: Tree) -> Iterator[tuple[ProfileView, UnitRule, Edge]]:
    """The executions that leave confined profiles, each with the rule behind it."""
    found = tree.shared(graph_of)
    for view in tree.shared(Grants).confined:
        for edge in found.ways(view.name).edges:
            if edge.kind == "exec" and edge.rule is not None:
                yield view, rule_of(tree, edge.rule), edge


def rule_of(tree: Tree, number: int) -> UnitRule:
    """A rule by its number in the tables."""
    return tree.shared(_by_number)[number]


def _by_number(tree: Tree) -> dict[int, UnitRule]:
    return {held.facts.id: held for unit in tree.shared(Grants).units for held in unit.rules}


def edge_witness(edge: Edge) -> Mapping[str, Any] | None:
    """The request that an edge stands for; None where no rule is asked."""
    if edge.kind == "exec":
        return SEMANTICS.request_of(
            edge.source, FILE, encode(edge.object), edge.owner, FILE.names(EXECUTE)
        )
    if edge.kind == "change_profile":
        name = encode(edge.object)
        return SEMANTICS.request_of(edge.source, CHANGE_PROFILE, name, True, ("change_profile",))
    return None
