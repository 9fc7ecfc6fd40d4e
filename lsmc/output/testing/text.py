"""The results of tests for people: what does not hold and why, then the counts."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from lsmc.analysis.mutation import MutationKind
from lsmc.base.text import counted
from lsmc.output.styled import Line, line, safe
from lsmc.output.testing.words import detail, indented, kept, place, reasons, title
from lsmc.testing.coverage import Coverage, FileCoverage
from lsmc.testing.results import FileResult, Mutant, TestReport

_WIDTH = 80
_CHANGES: dict[MutationKind, str] = {
    "drop": "without it",
    "allow": "with it allowed",
    "permission": "with a permission more",
    "glob": "with more objects",
    "owner": "for others than the owner too",
}


def report_lines(report: TestReport) -> Iterator[Line]:
    """A whole run."""
    for file in report.files:
        yield from _file(file)
    if report.coverage is not None:
        yield from coverage_lines(report.coverage)
    if report.mutants is not None:
        yield from _mutants(report.mutants)


def _file(file: FileResult) -> Iterator[Line]:
    for result in file.tests:
        if result.holds:
            continue
        yield line((f"{place(file, result)}: ", "where"), ("fails: ", "bad"), safe(title(result)))
        for reason in reasons(result):
            yield line(f"  {safe(reason)}")
        yield from indented(detail(file, result), "    ")
        yield line()
    yield line((f"{safe(file.file.path)}: ", "where"), kept(file))


def coverage_lines(coverage: Coverage) -> Iterator[Line]:
    """The coverage of each file, and the lines of the rules that decided no case."""
    total = f"{coverage.covered} of {counted(coverage.rules, 'rule')}, {coverage.percent:.1f}%"
    yield line(("coverage: ", "head"), total)
    for file in coverage.files:
        share = 100 * file.covered / len(file.rules)
        numbers = f"{file.covered}/{len(file.rules)}"
        yield line(f"{share:6.1f}%  {numbers:>9}  ", (safe(file.file), "where"))
        missed = uncovered(file)
        if missed and file.covered:
            text = f"not covered: {' '.join(missed)}"
            yield from (line(f"{' ' * 20}{row}") for row in textwrap.wrap(text, _WIDTH - 20))


def uncovered(file: FileCoverage) -> list[str]:
    """The lines of the rules that decided no case, runs of such rules together."""
    runs: list[list[int]] = []
    open_run = False
    for rule in file.rules:
        if rule.cases:
            open_run = False
        elif open_run:
            runs[-1][1] = rule.line
        else:
            runs.append([rule.line, rule.line])
            open_run = True
    return [f"{first}-{last}" if last > first else str(first) for first, last in runs]


def _mutants(mutants: Sequence[Mutant]) -> Iterator[Line]:
    missed = [one for one in mutants if not one.noticed]
    total = counted(len(mutants), "changed rule")
    yield line(("mutants: ", "head"), f"{total}, {len(missed)} not noticed by any test")
    for one in missed:
        where = f"{safe(one.file)}:{one.line}:{one.column}: "
        yield line("  ", (where, "where"), (safe(one.before), "code"))
        change = f"    {_CHANGES[one.kind]}"
        yield line(f"{change}: {safe(one.text)}" if one.text else change)
