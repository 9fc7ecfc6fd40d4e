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
from lsmc.checker.patterns import Heads, common_file, heads
from lsmc.checker.telling import chain, listing, quoted, shown, witness
from lsmc.checker.zones import globs
from lsmc.decide import ALLOW, Decision
from lsmc.diagnostics import Diagnostic, Label
from lsmc.engine.execution import execution
from lsmc.ir.classes import FILE

_RUN = EXECUTE | MAP
_WORDS = {"x": "executed", "m": "mapped as code"}


class _Near:
    """The runners of each unit that may meet a writer, worked out once for all profiles."""

    def __init__(self) -> None:
        self._runners: dict[int, Heads[Held]] = {}
        self._known: dict[tuple[int, int], list[Held]] = {}

    def of(self, writer: Held, unit: UnitView) -> list[Held]:
        """The runners of a unit that begin like the writer."""
        key = (writer.facts.id, id(unit))
        found = self._known.get(key)
        if found is None:
            runners = self._runners.get(id(unit))
            if runners is None:
                pairs = ((held, heads(held.rule.fields[0])) for held in granting(unit, _RUN))
                runners = self._runners[id(unit)] = Heads(pairs)
            near = runners.meeting(heads(writer.rule.fields[0]))
            found = self._known[key] = list({held.facts.id: held for held in near}.values())
        return found


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule that writes what the same profile runs, with the first rule that runs it."""
    views = grants(tree)
    spared = globs(facts("write_exec")["spared"])
    writers = {id(unit): granting(unit, WRITE) for unit in views.units}
    nearby = _Near()
    for view in views.confined:
        for use in view.uses:
            for writer in writers[id(use.unit)]:
                near = [held for other in view.uses for held in nearby.of(writer, other.unit)]
                first = writer.facts.id
                near.sort(key=lambda runner: runner.facts.id != first)
                finding = _first(tree, view, writer, near, spared)
                if finding is not None:
                    yield finding


def granting(unit: UnitView, perms: int) -> list[Held]:
    """The rules of a unit that grant some of the permissions."""
    return [
        held
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
