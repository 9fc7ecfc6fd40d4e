"""Runs checks and returns their outcomes, in this process or in several.

Checks that share one costly analysis form a task, so that it is computed once; every other check is
a task of its own.  A task runs in a process that was forked from this one, so the policy is there
already, and only findings are sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lsmc.automata.dfa import StateLimit
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.errors import exhausted
from lsmc.base.processes import can_fork, map_tasks
from lsmc.lint.builtin.internal_error import CHECK as INTERNAL
from lsmc.lint.model import Check, P, SettingError
from lsmc.lint.pickling import FindingPickler
from lsmc.lint.prebuild import MIN_PROFILES


@dataclass(slots=True)
class CheckOutcome:
    """The result of a check: its findings, without repetitions, and its failure if it failed.

    `wrong` is the fault in the configuration, if there is one.
    """

    findings: list[Diagnostic] = field(default_factory=list)
    fault: Diagnostic | None = None
    wrong: str | None = None


def outcomes(policy: P, checks: Sequence[Check[P]], jobs: int) -> Iterator[CheckOutcome]:
    """The outcome of each check, in order, using up to `jobs` processes.

    OSError when a process is lost.
    """
    tasks = _tasks(checks)
    if min(jobs, len(tasks)) < 2 or len(policy.homes) < MIN_PROFILES or not can_fork():
        yield from (_outcome(policy, check) for check in checks)
        return
    pickler = FindingPickler(policy.sources)

    def work(task: Sequence[Check[P]]) -> bytes:
        return pickler.pack([_outcome(policy, check) for check in task])

    found: dict[str, CheckOutcome] = {}
    for task, packed in zip(tasks, map_tasks(work, tasks, jobs, ends=True), strict=True):
        found.update(zip((check.code for check in task), pickler.unpack(packed), strict=True))
    yield from (found[check.code] for check in checks)


def _tasks(checks: Iterable[Check[P]]) -> list[tuple[Check[P], ...]]:
    """The checks grouped by shared analysis, the costliest tasks first and last by turns.

    `map_tasks` starts with the costliest.  The others stay in the order of their codes, because
    neighbours have the most in common.
    """
    by_basis: dict[object, list[Check[P]]] = {}
    for check in checks:
        by_basis.setdefault(check.basis or check.code, []).append(check)
    tasks = [tuple(task) for task in by_basis.values()]
    costly = sorted((task for task in tasks if _cost(task)), key=_cost, reverse=True)
    cheap = [task for task in tasks if not _cost(task)]
    return [*costly[::2], *cheap, *reversed(costly[1::2])]


def _cost(task: Sequence[Check[P]]) -> int:
    return max(check.cost for check in task)


def _outcome(policy: P, check: Check[P]) -> CheckOutcome:
    outcome = CheckOutcome()
    found: list[Diagnostic] = []
    try:
        for finding in check.run(policy):  # what it found before it failed is kept
            found.append(finding)  # noqa: PERF402
    except SettingError as fault:
        outcome.wrong = str(fault)
    except StateLimit:
        outcome.fault = _fault(check, "the policy is too complex for this check")
    except Exception as fault:
        if exhausted(fault):  # no fault of the check, and the others would fail as well
            raise
        outcome.fault = _fault(check, f"{type(fault).__name__}: {fault}{_where(fault)}")
    outcome.findings = _once(found)
    return outcome


def _fault(check: Check[Any], what: str) -> Diagnostic:
    return INTERNAL.finding(None, f"{check.code} {check.name} failed: {what}")


def _where(fault: BaseException) -> str:
    """The place where an exception was raised."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    name = trace.tb_frame.f_code.co_filename.replace("\\", "/").rpartition("/lsmc/")[2]
    return f" (lsmc/{name}:{trace.tb_lineno})"


def _once(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Merge equal findings of several profiles into one that names their number."""
    groups: dict[object, list[Diagnostic]] = {}
    for finding in findings:
        span = finding.span
        place = (span.source.path, span.start, span.end) if span is not None else None
        groups.setdefault((finding.code, place, finding.message), []).append(finding)
    merged = []
    for group in groups.values():
        first = min(group, key=lambda one: one.profile or "")
        count = len({one.profile for one in group if one.profile is not None})
        if count > 1:
            first = replace(first, message=f"{first.message} (in {count} profiles)")
        merged.append(first)
    return merged
