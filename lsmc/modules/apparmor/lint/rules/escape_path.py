"""A chain of transitions by which a program comes to more than its profile grants.

What it does: follows executions, profile changes and hats from each profile, through the profiles
of the tree.  It finds those from which a task comes to run without a profile, or under one that
confines nothing (flags `unconfined` and `default_allow`); a single execution of that kind is
LSM302.  For a profile with no such way it finds a strictly wider one that a task comes to: one that
grants every access to objects that the first grants, and more.

Why is this bad: each step looks harmless, and the whole gives everything; or the profile that the
chain begins with confines nothing that its end does not allow.

Bad:

```apparmor
profile first /usr/bin/first {
  /usr/bin/second Px,  # found
}
profile second /usr/bin/second {
  /usr/bin/third Ux,
}

profile narrow /usr/bin/narrow {
  /etc/narrow.conf r,
  /usr/bin/wide Px,  # found
}
profile wide /usr/bin/wide {
  /etc/** rw,
}
```

Good:

```apparmor
profile first /usr/bin/first {
  /etc/first.conf r,
  /usr/bin/second Px,
}
profile second /usr/bin/second {
  /usr/bin/third ix,
}

profile narrow /usr/bin/narrow {
  /etc/narrow.conf r,
  /usr/bin/other Px,
}
profile other /usr/bin/other {
  /etc/other.conf rw,
}
```

How sure: every step is a transition that the policy allows.  Whether a program can be made to
take it is not known, so this is information.  Of chains of equal length one is shown.  That a
profile is wider is proved, over files, links, capabilities, networks, mounts, namespaces, io_uring
and message queues, for the owner and for others; a pair that is too complex to compare is passed
over.  Executions and profile changes are not compared, since they lead on to other profiles, nor is
what a profile may do with other programs (signals, tracing, unix sockets, dbus), where nearly every
profile names itself.  Profiles in complain mode count by their rules.  Stacks are not followed, nor
is the way from one hat to another, which needs the secret with which the first was entered.

How to fix: confine the last program of the chain, narrow the wider profile, or cut the chain where
it is not needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lsmc.analysis.graph import Edge
from lsmc.analysis.profile_view import Grants, ProfileView, halves
from lsmc.automata.dfa import StateLimit
from lsmc.automata.facts import objects
from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.engine.verdict import UNCONFINED
from lsmc.lint.model import Check
from lsmc.modules.apparmor.analysis.excess import compared, excess
from lsmc.modules.apparmor.analysis.kernel_objects import requestable
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.decide.precedence import decide
from lsmc.modules.apparmor.lint.file_rules import EXECUTE, granting
from lsmc.modules.apparmor.lint.messages import quoted, shown
from lsmc.modules.apparmor.lint.references import graph_of
from lsmc.modules.apparmor.lint.transitions import edge_witness, rule_of
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each profile from which such a chain starts, with a shortest one."""
    steps = _first_steps(tree)
    views = {view.name: view for view in tree.shared(Grants).confined}
    for view in views.values():
        chain: list[Edge] = []
        at = view.name
        while at != UNCONFINED and at in steps:
            chain.append(steps[at])
            at = steps[at].target
        if not chain:
            yield from _wider(tree, view, views)
        elif len(chain) > 1 or chain[0].kind != "exec":
            yield _report(tree, view, chain, "out of confinement")


def _wider(tree: Tree, view: ProfileView, views: Mapping[str, ProfileView]) -> Iterator[Diagnostic]:
    """A finding about the first strictly wider profile that a profile comes to, if there is one."""
    for chain in _chains(tree, view.name):
        name = chain[-1].target
        more = _more(view, views[name]) if name in views else None
        if more is not None:
            where, adds = f"to the wider `{name}`", f"; it adds {more}"
            yield _report(tree, view, chain, where, adds, help=f"narrow `{name}`, or cut the chain")
            return


def _chains(tree: Tree, start: str) -> Iterator[list[Edge]]:
    """A shortest chain to each subject that can be reached, the nearest first."""
    seen = {start}
    todo: list[list[Edge]] = [[]]
    for chain in todo:
        for edge in tree.shared(graph_of).edges(chain[-1].target if chain else start):
            if "//&" in edge.target or _needs_secret(tree, edge):
                continue
            if edge.target not in seen:
                seen.add(edge.target)
                todo.append([*chain, edge])
                yield todo[-1]


def _needs_secret(tree: Tree, edge: Edge) -> bool:
    """Whether only who has entered a hat can take an edge: out of the hat, to another one."""
    source = tree.by_name.get(edge.source)
    return edge.kind == "change_hat" and source is not None and source.record.is_hat


def _more(narrow: ProfileView, wide: ProfileView) -> str | None:
    """What a strictly wider profile grants more, for one; None for a profile that is not."""
    if _is_beyond(narrow, wide):
        return None
    one, other = narrow.profile.matcher, wide.profile.matcher
    try:
        if excess(one, other, requestable) is not None:
            return None
        more = excess(other, one, requestable)
    except StateLimit:
        return None
    finally:
        one.forget()
        other.forget()
    if more is None:
        return None
    key = b" ".join(filter(None, more.key.split(b"\0")))
    words = (more.cls.name, shown(key) if key else "")
    perms = " ".join(more.cls.names(more.mask))
    return f"`{perms}` on {' '.join(filter(None, words))}"


def _is_beyond(narrow: ProfileView, wide: ProfileView) -> bool:
    """Whether a path of a written rule shows that a profile does not grant all of another's."""
    units = {id(use.unit) for use in wide.uses}
    own = narrow.profile.ir.origin
    for use in narrow.uses:
        if id(use.unit) in units:
            continue
        for held in granting(use.unit, FILE.all & ~EXECUTE):
            if held.rule.origin == own:
                continue
            for path in objects(held.rule.fields[0])[:1]:
                for owner in halves(held.facts, FILE.all & ~EXECUTE):
                    mine, theirs = (_written(view, path, owner) for view in (narrow, wide))
                    if mine & ~theirs:
                        return True
    return False


def _written(view: ProfileView, path: bytes, owner: bool) -> int:
    """What the rules that are written grant on a path, as far as it is compared."""
    key = bytes((FILE.code,)) + path
    held = [held for use in view.uses for held in use.unit.matching(key)]
    own = view.profile.ir.origin
    return compared(FILE, decide([h.facts for h in held if h.rule.origin != own], FILE, owner))


def _first_steps(tree: Tree) -> dict[str, Edge]:
    """For each subject the first edge of a shortest way to `unconfined`."""
    into = tree.shared(graph_of).into
    steps: dict[str, Edge] = {}
    level = [UNCONFINED]
    while level:
        following: list[str] = []
        for target in level:
            for edge in into.get(target, ()):
                leads = edge.target == target and not _needs_secret(tree, edge)
                if leads and edge.source not in steps:
                    steps[edge.source] = edge
                    following.append(edge.source)
        level = following
    return steps


def _report(
    tree: Tree,
    view: ProfileView,
    chain: Sequence[Edge],
    where: str,
    more: str = "",
    help: str = "confine the last program, or cut the chain where it is not needed",
) -> Diagnostic:
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
        f"`{view.name}` leads {where} in {len(chain)} "
        f"step{'s' if len(chain) > 1 else ''}: {ways}{more}",
        help=help,
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


CHECK = Check("LSM304", "escape-path", "info", run, basis=graph_of, confidence="medium")
