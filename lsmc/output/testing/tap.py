"""The results of tests in the Test Anything Protocol, version 14 (https://testanything.org)."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.output.json import dumps
from lsmc.output.styled import plain, safe
from lsmc.output.testing.words import detail, place, reasons, title
from lsmc.testing.results import CaseResult, FileResult, NeverResult, TestReport


def render(report: TestReport) -> str:
    """The whole document."""
    results = [(file, one) for file in report.files for one in file.tests]
    rows = ["TAP version 14", f"1..{len(results)}"]
    for number, (file, result) in enumerate(results, 1):
        name = safe(title(result)).replace("\\", "\\\\").replace("#", "\\#")
        rows.append(f"{'ok' if result.holds else 'not ok'} {number} - {name}")
        if not result.holds:
            rows += _block(file, result)
    return "\n".join(rows) + "\n"


def _block(file: FileResult, result: CaseResult | NeverResult) -> Iterator[str]:
    """What is wrong, as YAML; JSON strings are YAML too."""
    yield "  ---"
    yield f"  message: {dumps('; '.join(reasons(result)))}"
    yield f"  at: {dumps(place(file, result))}"
    yield "  explanation: |"
    for row in plain(detail(file, result)).splitlines():
        yield f"    {row}".rstrip()
    yield "  ..."
