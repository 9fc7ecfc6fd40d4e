"""The transition graph for people, for Graphviz and as JSON.

A rule that leads to very many profiles (`/usr/bin/* Px`) would hide all others.  Text and pictures
name the first of them and how many there are; JSON lists every edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from lsmc.analysis.graph import Edge, Graph, RefusedExecution
from lsmc.analysis.subgraph import Subgraph
from lsmc.engine.verdict import UNCONFINED, RuleRef
from lsmc.output.json import rule as rule_json
from lsmc.output.styled import Line, line, safe

VERSION = 1
#: A rule with more targets than this is shown as one.
MANY = 12
_SHOWN = 3


def arrows(part: Subgraph) -> int:
    """How many arrows a picture of the graph has."""
    groups = (group for edges in part.edges.values() for group in _by_rule(edges))
    return sum(1 if len(group) > MANY else len(group) for group in groups)


# --- text


def text_lines(part: Subgraph) -> Iterator[Line]:
    """Each subject with its edges, and the executions that fail."""
    silent = 0
    for name, edges in part.edges.items():
        if name in part.graph.unfollowed:
            continue
        refused = part.graph.refused(name) if part.whole else ()
        if not edges and not refused:
            silent += 1
            continue
        yield line((safe(name), "head"))
        for group in _by_rule(edges):
            yield from _group(part.graph, group)
        for one in refused:
            yield line(
                ("  refused ", "bad"), f"exec {one.mode} {safe(one.object)}", *_place(part, one)
            )
    if silent and part.whole:
        word = "profile leads" if silent == 1 else "profiles lead"
        yield line((f"{silent} {word} nowhere else", "dim"))
    if part.graph.unfollowed:
        count = len(part.graph.unfollowed)
        words = "1 stack that was met is" if count == 1 else f"{count} stacks that were met are"
        yield line((f"{words} not followed: there are too many", "dim"))


def _group(graph: Graph, edges: Sequence[Edge]) -> Iterator[Line]:
    first = edges[0]
    wide = len(edges) > MANY
    for edge in edges[:_SHOWN] if wide else edges:
        role = "warn" if edge.target == UNCONFINED else ""
        yield line("  → ", (safe(edge.target), role), f"  {_way(edge)}", *_origin(graph, edge))
    if wide:
        yield line(f"    and {len(edges) - _SHOWN} more by this rule", *_origin(graph, first))


def _way(edge: Edge) -> str:
    words = [edge.kind, edge.mode, safe(edge.object)]
    if not edge.owner:
        words.append("(not owner)")
    if edge.fallback:
        words.append("(fallback)")
    return " ".join(word for word in words if word)


def _origin(graph: Graph, edge: Edge) -> tuple[tuple[str, str], ...]:
    ref = rule_of(graph, edge)
    return () if ref is None else ((f"  {safe(ref.file)}:{ref.line}", "where"),)


def _place(part: Subgraph, one: RefusedExecution) -> tuple[tuple[str, str], ...]:
    place = part.graph.place(one.rule)
    return ((f"  {safe(place.file)}:{place.line}", "where"),)


def _by_rule(edges: Iterable[Edge]) -> Iterator[list[Edge]]:
    """Edges grouped by rule, those without one by kind, in order of their first."""
    groups: dict[object, list[Edge]] = {}
    for edge in edges:
        key = (edge.kind, edge.rule) if edge.rule is not None else (edge.kind, edge.mode)
        groups.setdefault(key, []).append(edge)
    yield from groups.values()


def rule_of(graph: Graph, edge: Edge) -> RuleRef | None:
    """The rule of an edge, with its place."""
    return None if edge.rule is None else _ref(graph, edge.source, edge.rule)


def _ref(graph: Graph, source: str, number: int) -> RuleRef:
    place = graph.place(number)
    return RuleRef(
        profile=source,
        file=place.file,
        line=place.line,
        column=place.column,
        text=place.text,
        via=(),
    )


# --- Graphviz


def dot(part: Subgraph) -> str:
    """The graph in the language of Graphviz."""
    lines = [
        "digraph policy {",
        "  rankdir=LR;",
        '  node [shape=box, style=rounded, fontname="sans-serif", fontsize=10];',
        '  edge [fontname="sans-serif", fontsize=8];',
    ]
    labels: dict[tuple[str, str], dict[str, bool]] = {}
    crowds: dict[str, int] = {}
    for name, edges in part.edges.items():
        for group in _by_rule(edges):
            if len(group) > MANY:
                crowd = f"{len(group)} profiles ({_where(part.graph, group[0])})"
                crowds[crowd] = len(group)
                labels.setdefault((name, crowd), {})[_short(group[0])] = group[0].fallback
                continue
            for edge in group:
                labels.setdefault((name, edge.target), {})[_short(edge)] = edge.fallback
    nodes = dict.fromkeys((*part.names, *(target for _, target in labels)))
    if part.start is None:
        linked = {name for pair in labels for name in pair}
        nodes = {name: None for name in nodes if name in linked}
    for name in nodes:
        look = ""
        if name == UNCONFINED:
            look = " [color=red, fontcolor=red]"
        elif name in part.graph.unfollowed:
            look = " [style=dotted]"
        elif name in crowds:
            look = " [shape=ellipse, style=dashed]"
        lines.append(f"  {_quoted(name)}{look};")
    for (source, target), words in labels.items():
        style = ", style=dashed" if all(words.values()) else ""
        label = _quoted("\n".join(words))
        lines.append(f"  {_quoted(source)} -> {_quoted(target)} [label={label}{style}];")
    return "\n".join((*lines, "}", ""))


def _short(edge: Edge) -> str:
    return edge.mode if edge.kind in ("exec", "mode") and edge.mode else edge.kind


def _where(graph: Graph, edge: Edge) -> str:
    ref = rule_of(graph, edge)
    return edge.kind if ref is None else f"{ref.file.rpartition('/')[2]}:{ref.line}"


def _quoted(text: str) -> str:
    rows = (safe(row).replace("\\", "\\\\").replace('"', '\\"') for row in text.split("\n"))
    return '"{}"'.format("\\n".join(rows))


# --- JSON


def to_json(part: Subgraph) -> dict[str, Any]:
    """Nodes, edges and failing executions; fields are only ever added."""
    edges = [edge for some in part.edges.values() for edge in some]
    refused = [one for name in part.names for one in part.graph.refused(name) if part.whole]
    nodes = dict.fromkeys((*part.names, *(edge.target for edge in edges)))
    return {
        "version": VERSION,
        "from": part.start,
        "nodes": [part.graph.node(name)._asdict() for name in nodes],
        "edges": [_edge(part.graph, edge) for edge in dict.fromkeys(edges)],
        "unfollowed": sorted(part.graph.unfollowed),
        "refused": [
            {
                "source": one.source,
                "mode": one.mode,
                "object": one.object,
                "owner": one.owner,
                "rule": _rule(part.graph, one.source, one.rule),
            }
            for one in dict.fromkeys(refused)
        ],
    }


def _edge(graph: Graph, edge: Edge) -> dict[str, Any]:
    found = edge._asdict()
    found["rule"] = None if edge.rule is None else _rule(graph, edge.source, edge.rule)
    return found


def _rule(graph: Graph, source: str, number: int) -> dict[str, Any]:
    return rule_json(_ref(graph, source, number))
