"""An object that a program may both write and execute.

What it does: finds objects that one profile may write and also execute or map as code, as the
same kind of user (owner or not).  Devices and the lower files of eCryptfs are left out: what is
written there is not what runs.  The list is `lint/data/write_exec.toml`.

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

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lsmc.analysis.profile_view import Grants, ProfileView, UnitRule, UnitView, wins
from lsmc.automata.facts import PrefixIndex, common_file, last_bytes, starts
from lsmc.automata.pattern import Pattern
from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.base.text import listing
from lsmc.ir.decision import Decision
from lsmc.lint.model import Check
from lsmc.modules.apparmor.analysis.key_globs import globs
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.decide.exec_transition import execution
from lsmc.modules.apparmor.lint.data import facts
from lsmc.modules.apparmor.lint.file_rules import EXECUTE, MAP, WRITE, granting
from lsmc.modules.apparmor.lint.messages import chain, quoted, shown, witness
from lsmc.modules.apparmor.lint.tree import Tree

_RUN = EXECUTE | MAP
_WORDS = {"x": "executed", "m": "mapped as code"}


class Meeting(NamedTuple):
    """A rule that runs what another one writes, at a shortest common path."""

    runner: UnitRule
    unit: int  # the id of the runner's unit
    path: bytes


class _Runner(NamedTuple):
    """A rule that runs something, the id of its unit and its profiles, and how its paths end."""

    rule: UnitRule
    unit: int
    profiles: int
    ends: int


class _Runners:
    """The rules that run something, by how their paths begin.

    Most units belong to one profile; what they write is compared with the units of that profile
    and with those of several only.
    """

    def __init__(self, units: list[UnitView], holders: dict[int, int]) -> None:
        """`holders` are the profiles of each unit, by its id, as a set of bits."""
        every: list[tuple[_Runner, tuple[bytes, ...]]] = []
        shared: list[tuple[_Runner, tuple[bytes, ...]]] = []
        lone: dict[int, list[tuple[_Runner, tuple[bytes, ...]]]] = {}
        for unit in units:
            mask = holders[id(unit)]
            some = lone.setdefault(mask, []) if _is_one(mask) else shared
            for held in granting(unit, _RUN):
                path = held.rule.fields[0]
                runner = _Runner(held, id(unit), mask, last_bytes(path)[0])
                some.append((runner, starts(path)))
                every.append(some[-1])
        self._every = PrefixIndex(every)
        self._shared = PrefixIndex(shared)
        self._lone = {mask: PrefixIndex(some) for mask, some in lone.items()}

    def near(self, writer: UnitRule, mask: int) -> Sequence[_Runner]:
        """The rules that may run what one writes that has these profiles."""
        begins = starts(writer.rule.fields[0])
        if not _is_one(mask):
            return self._every.meeting(begins)
        own = self._lone[mask].meeting(begins) if mask in self._lone else ()
        found = [*self._shared.meeting(begins), *own]
        return sorted(found, key=lambda runner: runner.rule.facts.id)


def _is_one(mask: int) -> bool:
    return mask & (mask - 1) == 0


def _meetings(tree: Tree, spared: Pattern) -> dict[int, list[Meeting]]:
    """The runners that each writer meets in some profile, by the writer's number.

    Rules are compared once for all profiles that hold both of their units.
    """
    views = tree.shared(Grants)
    holders: dict[int, int] = {}
    for number, view in enumerate(views.confined):
        for use in view.uses:
            holders[id(use.unit)] = holders.get(id(use.unit), 0) | 1 << number
    units = [unit for unit in views.units if id(unit) in holders]
    runners = _Runners(units, holders)
    found: dict[int, list[Meeting]] = {}
    for unit in units:
        mask = holders[id(unit)]
        for writer in granting(unit, WRITE):
            written = writer.rule.fields[0]
            ends = last_bytes(written)[0]
            for runner in runners.near(writer, mask):
                if not mask & runner.profiles or not ends & runner.ends:
                    continue
                path = common_file(written, runner.rule.rule.fields[0], spared)
                if path is not None:
                    meeting = Meeting(runner.rule, runner.unit, path)
                    found.setdefault(writer.facts.id, []).append(meeting)
    for number, meetings in found.items():  # what a rule itself runs comes first
        meetings.sort(key=lambda meeting: meeting.runner.facts.id != number)
    return found


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule that writes what the same profile runs, with the first rule that runs it."""
    views = tree.shared(Grants)
    known = _meetings(tree, globs(facts("write_exec")["spared"]))
    writers = {
        id(unit): [
            (held, known[held.facts.id]) for held in granting(unit, WRITE) if held.facts.id in known
        ]
        for unit in views.units
    }
    for view in views.confined:
        units = {id(use.unit) for use in view.uses}
        for use in view.uses:
            for writer, meetings in writers[id(use.unit)]:
                here = [meeting for meeting in meetings if meeting.unit in units]
                finding = _first(tree, view, writer, here)
                if finding is not None:
                    yield finding


def _first(
    tree: Tree, view: ProfileView, writer: UnitRule, meetings: list[Meeting]
) -> Diagnostic | None:
    tried: set[bytes] = set()
    for runner, _, path in meetings:
        if path in tried:
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
    found = execution(tree.engine.tables, view.profile.record, decision, path)
    return found is not None and found.target is not None


def _report(
    view: ProfileView, runner: UnitRule, writer: UnitRule, path: bytes, owner: bool, perms: int
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


CHECK = Check("LSM305", "write-and-exec", "warning", run, cost=1)
