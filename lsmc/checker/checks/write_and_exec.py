"""An object that a program may both write and execute.

What it does: finds objects that one profile may write and also execute or map as code, as the
same kind of user (owner or not).  Devices and the lower files of eCryptfs are left out: what is
written there is not what runs.  The list is `lsmc/checker/data/write_exec.toml`.

Why is this bad: whoever makes the program write a file makes it run code of his own.  With `px`
or `ux` that code even leaves the profile.

Bad:

```apparmor
profile runner /usr/bin/runner {
  owner /tmp/run-* rw,  # found
  owner /tmp/*.sh rix,
}
```

Good:

```apparmor
profile runner /usr/bin/runner {
  owner /tmp/run-*.txt rw,
  /usr/lib/runner/*.sh rix,
}
```

How sure: the object in the witness may be written and executed.  Pairs of rules whose shortest
common object is denied may be missed.

How to fix: keep what is written and what is run in different places.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.automata.pattern import Pattern
from lsmc.checker.facts import facts
from lsmc.checker.grants import (
    EXECUTE,
    MAP,
    WRITE,
    Held,
    ProfileView,
    UnitView,
    grants,
    wins,
)
from lsmc.checker.model import Check, Tree
from lsmc.checker.patterns import common_file, heads, may_meet
from lsmc.checker.telling import chain, listing, quoted, shown, witness
from lsmc.checker.zones import globs
from lsmc.decide import ALLOW, Decision
from lsmc.diagnostics import Diagnostic, Label
from lsmc.execution import execution
from lsmc.ir.classes import FILE

_RUN = EXECUTE | MAP
_WORDS = {"x": "executed", "m": "mapped as code"}


Side = list[tuple[Held, tuple[bytes, ...]]]


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule that writes what the same profile runs, with the first rule that runs it."""
    views = grants(tree)
    spared = globs(facts("write_exec")["spared"])
    writers = {id(unit): _side(unit, WRITE) for unit in views.units}
    runners = {id(unit): _side(unit, _RUN) for unit in views.units}
    for view in views.confined:
        writing = [pair for use in view.uses for pair in writers[id(use.unit)]]
        if not writing:
            continue
        running = [pair for use in view.uses for pair in runners[id(use.unit)]]
        for writer, starts in writing:
            near = [runner for runner, begins in running if may_meet(begins, starts)]
            near.sort(key=lambda runner: runner.facts.id != writer.facts.id)
            finding = _first(tree, view, writer, near, spared)
            if finding is not None:
                yield finding


def _side(unit: UnitView, perms: int) -> Side:
    """The rules of a unit that grant some of the permissions, with where they begin."""
    return [
        (held, heads(held.rule.fields[0]))
        for held in unit.of(FILE)
        if held.facts.effect == ALLOW and (held.facts.owner | held.facts.other) & perms
    ]


def _first(
    tree: Tree, view: ProfileView, writer: Held, near: list[Held], spared: Pattern
) -> Diagnostic | None:
    tried: set[bytes | None] = {None}
    for runner in near:
        path = common_file(writer.rule.fields[0], runner.rule.fields[0], spared)
        if path in tried or path is None:
            continue
        tried.add(path)
        for owner in (True, False):
            decision = view.decide(FILE, path, owner)
            runs = wins(decision, runner.facts, _RUN) & decision.allow
            if runs & EXECUTE and not _leads_somewhere(tree, view, decision, path):
                runs &= ~EXECUTE
            if runs and wins(decision, writer.facts, WRITE) & decision.allow:
                return _report(view, runner, writer, path, owner, runs)
    return None


def _leads_somewhere(tree: Tree, view: ProfileView, decision: Decision, path: bytes) -> bool:
    """Whether an execution finds a profile to go on under."""
    found = execution(tree.policy.tables, view.profile.record, decision, path)
    return found is not None and found.target is not None


def _report(
    view: ProfileView, runner: Held, writer: Held, path: bytes, owner: bool, perms: int
) -> Diagnostic:
    span, other = writer.rule.origin, runner.rule.origin
    how = listing(_WORDS[name] for name in FILE.names(perms))
    related = chain(view, writer)
    if other != span:
        related = [*related, Label(other, f"run by {quoted(other)}"), *chain(view, runner)]
    return CHECK.finding(
        span,
        f"{quoted(span)} writes what may be {how}: {shown(path)} for one",
        help="keep what is written and what is run in different places",
        profile=view.name,
        witness=witness(view, FILE, path, owner, perms | WRITE),
        related=related,
    )


CHECK = Check("LSM305", "write-and-exec", "warning", run)
