"""What a kernel answered, kept as text: one policy with its cases a line.

A line is `[family, policy, [case, ...]]`, a case `[subject, act, setup, peer, ids, errno, label,
secure, records]` where what is usual is left out at the end or empty.  Of an audit record all is
kept but time, process and command.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from tests.kernel.cases import ROOT, Case, Group
from tests.kernel.machine import Outcome

_FRONT = 'type=1400 audit(0.000:0): apparmor="'
_VARYING = re.compile(r'^type=\d+ audit\([0-9.:]+\): apparmor="| pid=\d+| comm=(?:"[^"]*"|\w+)')


class Performed(NamedTuple):
    """A case that a kernel performed."""

    group: Group
    case: Case
    outcome: Outcome


def written(performed: Iterable[Performed]) -> str:
    """The answers of a kernel as text."""
    lines = []
    for group, some in groupby(performed, lambda one: one.group):
        cases = [_case(one.case, one.outcome) for one in some]
        lines.append(json.dumps([group.kind, group.text, cases], separators=(",", ":")))
    return "\n".join(lines) + "\n"


def read(text: str) -> Iterator[Performed]:
    """The answers that `written` wrote."""
    for line in text.splitlines():
        kind, policy, entries = json.loads(line)
        pairs = [_read(entry) for entry in entries]
        group = Group(kind, policy, tuple(case for case, _ in pairs))
        for case, outcome in pairs:
            yield Performed(group, case, outcome)


def _case(case: Case, outcome: Outcome) -> list[Any]:
    ids = "" if case.ids == ROOT else case.ids
    label = "" if outcome.label == f"{case.subject} (enforce)" else outcome.label
    records = [_VARYING.sub("", line) for line in outcome.records]
    entry: list[Any] = [case.subject, case.act, " ".join(case.setup), case.peer, ids]
    entry += [outcome.errno, label, int(outcome.secure), records]
    while not entry[-1] and entry[-1] is not None:
        entry.pop()
    return entry


def _read(entry: list[Any]) -> tuple[Case, Outcome]:
    usual: list[Any] = ["", (), "", "", "", 0, "", 0, ()]
    subject, act, setup, peer, ids, error, label, secure, records = entry + usual[len(entry) :]
    case = Case(subject, tuple(act), tuple(setup.split()), peer, ids or ROOT)
    lines = tuple(_FRONT + line for line in records)
    return case, Outcome(error, bool(secure), label or f"{subject} (enforce)", lines)
