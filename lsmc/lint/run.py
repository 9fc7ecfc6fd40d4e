"""A run of lint: runs the checks and filters what they find.

Findings are dropped that configuration ignores for a path, that a comment in the policy suppresses,
or that the baseline has.  Errors of the policy come first and are never dropped.  A check that
fails is reported apart from all findings, and stops no other check.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, cast

from lsmc.base.diagnostics import Diagnostic, Severity, few_of_each
from lsmc.base.files import StrPath
from lsmc.base.source import Span
from lsmc.compiler.outcome import Progress
from lsmc.lint.baseline import Baseline
from lsmc.lint.config import Config
from lsmc.lint.given_files import GivenFiles
from lsmc.lint.model import Check, Lint, P, Read, SettingError
from lsmc.lint.parallel import outcomes
from lsmc.lint.suppression import Suppressions


@dataclass(slots=True)
class Result(Generic[P]):
    """The result of a run: `findings` in order, errors first; `faults` are failures of lsmc.

    `suppressed`, `known` and `elsewhere` count the findings that are not among them: for comments,
    for the baseline, and since they stand in included files.
    """

    policy: P
    findings: list[Diagnostic] = field(default_factory=list)
    faults: list[Diagnostic] = field(default_factory=list)
    broken: bool = False
    suppressed: int = 0
    known: int = 0
    elsewhere: int = 0

    @property
    def files(self) -> tuple[str, ...]:
        """The files that were given and could be read."""
        return tuple(self.policy.given)

    @property
    def homes(self) -> Mapping[str, str]:
        """The file of each profile."""
        return self.policy.homes


class Linter(Generic[P]):
    """Runs some checks under a configuration; several calls share the included files."""

    def __init__(
        self,
        read: Read[P],
        selected: Iterable[Check[P]],
        module: Lint[P],
        config: Config | None = None,
        jobs: int = 1,
        included: bool = True,
        progress: Progress | None = None,
    ) -> None:
        """`module` knows all codes.  Many profiles are linted in up to `jobs` processes.

        Without `included`, findings in files that were not given are counted only.  `progress` is
        told what is being done.
        """
        self._read = read
        self._included = included
        self._progress = progress
        self._jobs = jobs
        self.config = config or Config()
        self._checks = tuple(c for c in selected if self._severity(c.code) != "off")
        self._module = module

    @property
    def codes(self) -> frozenset[str]:
        """The codes of the checks that run."""
        return frozenset(check.code for check in self._checks)

    def lint(self, paths: Iterable[StrPath], baseline: Baseline | None = None) -> Result[P]:
        """Lint some files together; returns everything to report.

        OSError when a process is lost.
        """
        given = list(paths)
        self._begin("reading policy")
        policy, errors = self._read(given, self.config.settings, self._jobs)
        self._begin("running checks")
        try:
            found, faults = run(policy, self._checks, self._jobs)
        except SettingError as fault:
            raise SettingError(f"{self.config.path}: {fault}") from None
        result = Result(policy, faults=list(faults.values()))
        judged = self.codes - faults.keys()
        comments = Suppressions(self._module.names, self._module.errors)
        for text in policy.commented:
            comments.read(text)
        settled = policy.settled if comments or baseline is not None else frozenset()
        effects = frozenset(check.code for check in self._checks if check.effect)
        kept = self._reported(_sound(found, errors, effects), comments, result)
        if "LSM901" in self.codes:
            kept += self._reported(comments.unused(judged, settled), comments, result)
        if not self._included:
            scope = GivenFiles(given)
            own = [one for one in kept if scope.holds(one.file)]
            result.elsewhere = len(kept) - len(own)
            kept = own
        if baseline is not None:
            new = [one for one in kept if not baseline.takes(one, result.homes)]
            result.known = len(kept) - len(new)
            kept = new
            if "LSM903" in self.codes:
                kept += self._reported(baseline.gone(judged, settled), comments, result)
        result.broken = bool(comments.faults)
        result.findings = [
            *few_of_each(sorted(_once(errors), key=by_place)),
            *sorted([*comments.faults, *kept], key=by_place),
        ]
        return result

    def _begin(self, stage: str) -> None:
        if self._progress is not None:
            self._progress(stage, 0, 0)

    def _reported(
        self, findings: Iterable[Diagnostic], comments: Suppressions, result: Result[P]
    ) -> list[Diagnostic]:
        """The findings that neither configuration nor a comment drops."""
        kept = []
        for finding in findings:
            if finding.file is not None and self.config.ignores(finding.code, finding.file):
                continue
            if comments.silences(finding):
                result.suppressed += 1
                continue
            severity = self._severity(finding.code)
            if severity and finding.severity != "error":
                kept.append(replace(finding, severity=cast(Severity, severity)))
            else:
                kept.append(finding)
        return kept

    def _severity(self, code: str) -> str:
        """The severity that the longest configured prefix of a code gives it; empty for none."""
        levels = self.config.severities
        prefixes = [prefix for prefix in levels if code.startswith(prefix)]
        return levels[max(prefixes, key=len)] if prefixes else ""


def run(
    policy: P, selected: Iterable[Check[P]], jobs: int = 1
) -> tuple[list[Diagnostic], dict[str, Diagnostic]]:
    """The findings of some checks in order of place, each once; the failures of checks by code.

    They do not depend on `jobs`, the number of processes.  `SettingError` for a setting that a
    check cannot use, OSError when a process is lost.
    """
    checks = tuple(selected)
    found: list[Diagnostic] = []
    faults: dict[str, Diagnostic] = {}
    for check, outcome in zip(checks, outcomes(policy, checks, jobs), strict=True):
        if outcome.wrong is not None:
            raise SettingError(outcome.wrong)
        found += outcome.findings
        if outcome.fault is not None:
            faults[check.code] = outcome.fault
    return sorted(found, key=by_place), faults


def by_place(finding: Diagnostic) -> tuple[str, int, int, str, str]:
    """Sort key: the place of a finding, its code and its message."""
    place = finding.location
    if place is None:
        return "", 0, 0, finding.code, finding.message
    return place.file, place.line, place.column, finding.code, finding.message


def _sound(
    findings: Iterable[Diagnostic], errors: Iterable[Diagnostic], effects: Collection[str]
) -> Iterator[Diagnostic]:
    """Drop findings on the effect of rules, those of some codes, where an error concerns the rule.

    Its effect is unknown until the error is corrected, so that another rule covers it says nothing.
    """
    places = (
        span
        for error in errors
        if error.severity == "error"
        for span in (error.span, *(label.span for label in error.related))
        if span is not None
    )
    wrong: dict[str, list[tuple[int, int]]] = {}  # disjoint, in order
    for span in sorted(places, key=lambda span: (span.start, span.end)):
        known = wrong.setdefault(span.source.path, [])
        if known and span.start < known[-1][1]:
            known[-1] = (known[-1][0], max(known[-1][1], span.end))
        else:
            known.append((span.start, span.end))
    for finding in findings:
        if finding.code not in effects or not _touches(finding.span, wrong):
            yield finding


def _touches(span: Span | None, wrong: Mapping[str, Sequence[tuple[int, int]]]) -> bool:
    known = wrong.get(span.source.path) if span is not None else None
    if span is None or not known:
        return False
    at = bisect_left(known, (span.end, 0)) - 1  # the last that begins before the end
    return at >= 0 and known[at][1] > span.start


def _once(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    seen: dict[object, Diagnostic] = {}
    for finding in findings:
        place = (finding.file, finding.span.start) if finding.span is not None else None
        seen.setdefault((finding.code, place, finding.message), finding)
    return list(seen.values())
