"""JUnit XML, which most CI systems show: a suite a file, a failure a finding.

There is no standard; this follows what Jenkins and GitLab read.  A failure of lsmc itself is an
`error`, not a `failure`.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr  # only writes

from lsmc.base.diagnostics import Diagnostic
from lsmc.output.report import LintReport
from lsmc.output.styled import safe


def render(report: LintReport) -> str:
    """The whole document."""
    by_file: dict[str, list[Diagnostic]] = {path: [] for path in report.files}
    for found in report.findings:
        by_file.setdefault(found.file or "", []).append(found)
    suites = [_suite(report, path, by_file[path]) for path in by_file]
    if report.faults:
        cases = "".join(
            case_element("lsmc", "LSM999", _body("error", one)) for one in report.faults
        )
        suites.append(suite_element("lsmc", len(report.faults), 0, len(report.faults), cases))
    failures = len(report.findings)
    clean = sum(1 for found in by_file.values() if not found)
    total = failures + clean + len(report.faults)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<testsuites name="lsmc lint" tests="{total}" failures="{failures}" '
        f'errors="{len(report.faults)}">\n{"".join(suites)}</testsuites>\n'
    )


def _suite(report: LintReport, path: str, found: list[Diagnostic]) -> str:
    name = report.named(path) if path else "lsmc"
    cases = "".join(case_element(name, _title(one), _body("failure", one)) for one in found)
    return suite_element(
        name, max(1, len(found)), len(found), 0, cases or case_element(name, "clean", "")
    )


def suite_element(name: str, tests: int, failures: int, errors: int, cases: str) -> str:
    """A suite: its name, how many tests it has, fail and break, and the text of its cases."""
    return (
        f'  <testsuite name={attribute(name)} tests="{tests}" failures="{failures}" '
        f'errors="{errors}">\n{cases}  </testsuite>\n'
    )


def case_element(suite: str, name: str, body: str) -> str:
    """A test of a suite; `body` is its failure, or empty."""
    head = f"    <testcase name={attribute(name)} classname={attribute(suite)}"
    return f"{head}>{body}</testcase>\n" if body else f"{head}/>\n"


def _title(found: Diagnostic) -> str:
    return f"{found.code} {found.name}" + (f" line {found.line}" if found.line else "")


def _body(kind: str, found: Diagnostic) -> str:
    location = found.location
    where = f"{location.file}:{location.line}:{location.column}: " if location else ""
    lines = [f"{where}{found.message}"]
    for label in found.related:
        place = label.span.location()
        lines.append(f"{place.file}:{place.line}:{place.column}: note: {label.message}")
    if found.help:
        lines.append(f"help: {found.help}")
    text = escape("\n".join(safe(one) for one in lines))
    message = attribute(found.message)
    return f'<{kind} message={message} type="{found.severity}">{text}</{kind}>'


def attribute(text: str) -> str:
    """A text as an attribute's value, in quotes."""
    return quoteattr(safe(text))
