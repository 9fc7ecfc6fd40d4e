"""The results of tests as JUnit XML: a suite a test file, a failure a test that does not hold."""

from __future__ import annotations

from xml.sax.saxutils import escape  # only writes

from lsmc.output.junit import attribute, case_element, suite_element
from lsmc.output.styled import plain
from lsmc.output.testing.words import detail, place, reasons, title
from lsmc.testing.results import CaseResult, FileResult, NeverResult, TestReport


def render(report: TestReport) -> str:
    """The whole document."""
    suites = "".join(_suite(file) for file in report.files)
    tests = [test.holds for file in report.files for test in file.tests]
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<testsuites name="lsmc test" tests="{len(tests)}" failures="{tests.count(False)}" '
        f'errors="0">\n{suites}</testsuites>\n'
    )


def _suite(file: FileResult) -> str:
    results = list(file.tests)
    failed = sum(1 for one in results if not one.holds)
    cases = "".join(case_element(file.file.path, title(one), _body(file, one)) for one in results)
    return suite_element(file.file.path, len(results), failed, 0, cases)


def _body(file: FileResult, result: CaseResult | NeverResult) -> str:
    if result.holds:
        return ""
    text = f"{place(file, result)}\n{plain(detail(file, result))}"
    message = attribute("; ".join(reasons(result)))
    kind = "case" if isinstance(result, CaseResult) else "never"
    return f'<failure message={message} type="{kind}">{escape(text)}</failure>'
