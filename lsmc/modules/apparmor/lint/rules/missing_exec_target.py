"""An execution whose profile does not exist.

What it does: finds exec rules that name a profile which no file of the tree defines (`px -> name`,
`cx -> child`), and `px` or `cx` rules none of whose paths has a profile that attaches to it.

Why is this bad: the program cannot be started: the kernel refuses the execution with "profile
transition not found", in complain mode too.  Where the rule has a fallback (`pix`, `pux`), a named
profile that does not exist means that the fallback is always taken, without a word.

Bad:

```apparmor
profile bad /bin/bad {
  /bin/helper px,  # found
  /bin/tool px -> helpers,  # found
  /bin/child cx -> inner,  # found
  /bin/other cix -> misspelt,  # found
}
```

Good:

```apparmor
profile good /bin/good {
  /bin/helper px,
  /bin/child cx -> inner,
  /usr/bin/* pux,
  profile inner {
    /x r,
  }
}

profile helper /bin/helper {
  /y r,
}
```

A `px` rule for many paths is fine as soon as a profile attaches to one of them, and an unnamed
`pix` or `pux` asks for a profile only if there is one, so neither is reported.  With
`[checks.missing-exec-target] fallback = true` the latter are, when nothing can ever attach.

How sure: exact for the files that were given.  A rule is judged at paths where it decides, and the
witness is such an execution.  Profiles that were not given count too: those in files beside the
given ones and in the base directory, whose heads are read.

How to fix: give the missing file, correct the name, or write the mode that is meant (`ix`, `ux`).
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis.graph import Edge, RefusedExecution
from lsmc.analysis.linked_policy import LinkedProfile
from lsmc.analysis.rule_languages import RuleLanguage
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span
from lsmc.base.text import displayed
from lsmc.engine.verdict import UNCONFINED
from lsmc.ir.mediation import Effect, Transition
from lsmc.ir.model import qualified
from lsmc.lint.model import Check
from lsmc.modules.apparmor.decide.exec_transition import exec_mode
from lsmc.modules.apparmor.graph.graph import ProfileGraph
from lsmc.modules.apparmor.lint.messages import rule_text
from lsmc.modules.apparmor.lint.references import ProfileNames, graph_of
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each exec rule that finds no profile at any path where it decides."""
    graph, names = tree.shared(graph_of), tree.shared(ProfileNames)
    fallback = bool(tree.setting(CHECK, "fallback"))
    for profile in tree.profiles:
        if profile.record.mode in ("unconfined", "default_allow"):
            continue
        ways = graph.ways(profile.name)
        found = {edge.rule for edge in ways.edges if not edge.fallback}
        written: dict[Span, list[tuple[RuleLanguage, Transition]]] = {}
        for rule in graph.exec_rules(profile.name).rules:
            wanted = rule.facts.transition
            if rule.facts.effect == Effect.ALLOW and wanted is not None:
                written.setdefault(tree.origin(rule.facts.id), []).append((rule, wanted))
        for rules in written.values():  # aliases make several of one that is written
            if any(rule.facts.id in found for rule, _ in rules):
                continue
            if not all(_is_missing(graph, names, profile, *rule, fallback) for rule in rules):
                continue
            rule, wanted = rules[0]
            way = _way(ways.edges, ways.refused, rule) or _stays(graph, profile, rule, wanted)
            if way is not None:
                yield _report(tree, profile, rule, wanted, way)


def _is_missing(
    graph: ProfileGraph,
    names: ProfileNames,
    profile: LinkedProfile,
    rule: RuleLanguage,
    wanted: Transition,
    fallback: bool,
) -> bool:
    record = profile.record
    if wanted.kind in ("attach", "attach-child"):
        if (wanted.inherit or wanted.unconfined) and not fallback:
            return False
        child = wanted.kind == "attach-child"
        scope = graph.attachments.scope(record.name if child else "", record.namespace)
        listed = rule.members
        if listed is not None:
            attached = any(True for path in listed for _ in scope.at(path))
        else:
            attached = graph.is_attached(rule, scope)
        return not attached and (child or not names.neighbours.attaches(rule))
    if wanted.kind not in ("profile", "child", "stack"):
        return False
    name = wanted.name.removeprefix("&")
    if wanted.kind == "child":
        return graph.engine.tables.find(qualified(record.namespace, record.child(name))) is None
    if name.startswith(":"):
        return False  # another namespace's policy is loaded apart
    parts = [part for part in name.split("//&") if part != UNCONFINED]
    return any(
        graph.engine.tables.find(qualified(record.namespace, part)) is None
        and not names.neighbours.has(part)
        for part in parts
    )


def _way(
    edges: tuple[Edge, ...], refused: tuple[RefusedExecution, ...], rule: RuleLanguage
) -> Edge | RefusedExecution | None:
    ways: list[Edge | RefusedExecution] = [*refused, *edges]
    return next((way for way in ways if way.rule == rule.facts.id), None)


def _stays(
    graph: ProfileGraph, profile: LinkedProfile, rule: RuleLanguage, wanted: Transition
) -> Edge | None:
    """The execution that a fallback turns into one within the profile, which is not an edge."""
    rules = graph.exec_rules(profile.name)
    for path in rule.samples():
        won = rules.winning(rule, path)
        if won is not None:
            shown = displayed(path)
            return Edge(
                source=profile.name,
                target=profile.name,
                kind="exec",
                mode=exec_mode(wanted),
                object=shown,
                owner=won[0],
                rule=rule.facts.id,
                fallback=True,
            )
    return None


def _report(
    tree: Tree,
    profile: LinkedProfile,
    rule: RuleLanguage,
    wanted: Transition,
    way: Edge | RefusedExecution,
) -> Diagnostic:
    origin = tree.origin(rule.facts.id)
    if wanted.kind == "attach":
        what = "attaches to no profile at any path"
    elif wanted.kind == "attach-child":
        what = "attaches to no child at any path"
    elif wanted.kind == "child":
        what = f"goes to the child `{wanted.name}`, which does not exist"
    else:
        what = f"goes to `{wanted.name}`, which does not exist"
    if isinstance(way, RefusedExecution):
        end = "executing is refused"
    else:
        end = "the profile is kept" if wanted.inherit else "the program runs unconfined"
    note = ""
    if "@{" in wanted.name:
        note = "variables are not expanded in the name of a target; "
    return CHECK.finding(
        origin,
        f"`{rule_text(origin)}` {what}: {end}",
        help=f"{note}define the profile, correct its name, or write the mode that is meant",
        profile=profile.name,
        witness={"subject": profile.name, "op": "exec", "object": way.object, "owner": way.owner},
    )


CHECK = Check(
    "LSM201",
    "missing-exec-target",
    "warning",
    run,
    table={"fallback": False},
    basis=graph_of,
    cost=3,
)
