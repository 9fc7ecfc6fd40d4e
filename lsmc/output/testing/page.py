"""The results of tests as a page: what does not hold, and the rules marked in their files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lsmc.base.text import counted
from lsmc.output.listing import Read
from lsmc.output.page import rendered
from lsmc.output.styled import plain
from lsmc.output.testing.words import detail, kept, place, reasons, title
from lsmc.testing.coverage import Coverage, CoveredRule, FileCoverage
from lsmc.testing.results import TestReport

_TAB = "    "


class CoveredLine(NamedTuple):
    """A line of a policy file; `state` is `hit` or `missed` where a rule stands, else empty."""

    number: int
    text: str
    state: str = ""
    title: str = ""


class CoveredFile(NamedTuple):
    """A policy file with the number of its rules, and of those that decided a case."""

    name: str
    covered: int
    rules: int
    rows: tuple[CoveredLine, ...]


def coverage_page(report: TestReport, read: Read) -> str:
    """The report on a run, which has a coverage; `read` gives the texts of policy files."""
    coverage = report.coverage or Coverage(())
    failing = [
        (
            place(file, result),
            title(result),
            reasons(result),
            plain(detail(file, result)).splitlines(),
        )
        for file in report.files
        for result in file.tests
        if not result.holds
    ]
    return rendered(
        "coverage.html",
        coverage=coverage,
        tests=[(file.file.path, kept(file)) for file in report.files],
        failing=failing,
        files=[
            CoveredFile(file.file, file.covered, len(file.rules), tuple(_rows(file, read)))
            for file in coverage.files
        ],
    )


def _rows(file: FileCoverage, read: Read) -> Iterator[CoveredLine]:
    """The lines of a file; only its rules where it is not as it was when it was compiled."""
    source = read(file.file)
    states: dict[int, CoveredLine] = {}
    for rule in file.rules:
        words = rule.text.split(maxsplit=1)
        if source is not None and words and words[0] not in source.line_text(rule.line):
            source = None
        for number in range(rule.line, rule.end_line + 1):
            known = states.get(number)
            if known is None or known.state == "hit":
                states[number] = _state(number, rule)
    if source is None:
        yield from (_state(rule.line, rule) for rule in file.rules)
        return
    for number in range(1, source.position(len(source.text))[0] + 1):
        text = source.line_text(number).replace("\t", _TAB)
        yield states.get(number, CoveredLine(number, ""))._replace(text=text)


def _state(number: int, rule: CoveredRule) -> CoveredLine:
    if not rule.cases:
        return CoveredLine(number, rule.text, "missed", "decided no case")
    return CoveredLine(number, rule.text, "hit", f"decided {counted(rule.cases, 'case')}")
