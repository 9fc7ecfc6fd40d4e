"""A chain of transitions by which a program leaves confinement.

What it does: follows executions, profile changes and hats from each profile, through the profiles
of the tree, and finds those from which a task comes to run without a profile, or under one that
confines nothing (flags `unconfined` and `default_allow`).  A single execution is LSM302; this is
about what needs a profile change, or several steps.

Why is this bad: each step looks harmless, and the whole gives everything.

Bad:

```apparmor
profile first /usr/bin/first {
  /usr/bin/second Px,  # found
}
profile second /usr/bin/second {
  /usr/bin/third Ux,
}
```

Good:

```apparmor
profile first /usr/bin/first {
  /usr/bin/second Px,
}
profile second /usr/bin/second {
  /usr/bin/third ix,
}
```

How sure: every step is a transition that the policy allows.  Whether a program can be made to
take it is not known, so this is information.  Of chains of equal length one is shown.

How to fix: confine the last program of the chain, or cut the chain where it is not needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsmc.analysis.edges import Edge
from lsmc.checker.grants import ProfileView, grants
from lsmc.checker.model import Check, Tree
from lsmc.checker.names import graph_of
from lsmc.checker.telling import quoted
from lsmc.checker.transitions import edge_witness, graph, rule_of
from lsmc.diagnostics import Diagnostic, Label
from lsmc.engine.verdict import UNCONFINED


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each profile from which such a chain starts, with a shortest one."""
    steps = _first_steps(tree)
    for view in grants(tree).confined:
        chain: list[Edge] = []
        at = view.name
        while at != UNCONFINED and at in steps:
            chain.append(steps[at])
            at = steps[at].target
        if not chain or (len(chain) == 1 and chain[0].kind == "exec"):
            continue
        yield _report(tree, view, chain)


def _first_steps(tree: Tree) -> dict[str, Edge]:
    """For each subject the first edge of a shortest way to `unconfined`."""
    into = graph(tree).into
    steps: dict[str, Edge] = {}
    level = [UNCONFINED]
    while level:
        following: list[str] = []
        for target in level:
            for edge in into.get(target, ()):
                if edge.target == target and edge.source not in steps:
                    steps[edge.source] = edge
                    following.append(edge.source)
        level = following
    return steps


def _report(tree: Tree, view: ProfileView, chain: Sequence[Edge]) -> Diagnostic:
    related = []
    for edge in chain[1:]:
        if edge.rule is not None:
            span = rule_of(tree, edge.rule).rule.origin
            related.append(Label(span, f"{quoted(span)}: {_step(edge)}"))
    first = chain[0]
    span = view.profile.ir.origin
    if first.rule is not None:
        span = rule_of(tree, first.rule).rule.origin
    ways = "; then ".join(_step(edge) for edge in chain)
    return CHECK.finding(
        span,
        f"`{view.name}` leads out of confinement in {len(chain)} "
        f"step{'s' if len(chain) > 1 else ''}: {ways}",
        help="confine the last program, or cut the chain where it is not needed",
        profile=view.name,
        witness=edge_witness(first),
        related=related,
    )


def _step(edge: Edge) -> str:
    target = "no profile" if edge.target == UNCONFINED else f"`{edge.target}`"
    if edge.kind == "exec":
        return f"runs `{edge.object}` under {target}"
    if edge.kind == "mode":
        return f"`{edge.source}` is in {edge.mode} mode"
    return f"changes to {target}"


CHECK = Check("LSM304", "escape-path", "info", run, basis=graph_of)
