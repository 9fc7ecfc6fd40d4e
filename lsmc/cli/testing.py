"""`lsmc test` after option parsing: finds test files, reads policies, and tells the results."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from lsmc.base.files import read_regular
from lsmc.cli.faults import NO, WRONG, YES, UsageFault
from lsmc.cli.options import Reading
from lsmc.cli.outputs import check_output, write_output
from lsmc.cli.reading import read_policies
from lsmc.cli.screen import Screen
from lsmc.compiler.inputs import TESTS
from lsmc.output.testing import json, junit, lcov, tap
from lsmc.output.testing.text import coverage_lines, report_lines
from lsmc.policy import Policy
from lsmc.testing.coverage import Coverage, coverage, written_rules
from lsmc.testing.load import MOST, read_tests
from lsmc.testing.model import Mistake, TestFault, TestFile
from lsmc.testing.mutants import mutants
from lsmc.testing.results import FileResult, TestReport
from lsmc.testing.run import Checked, run

_DOCUMENTS: dict[str, Callable[[TestReport], str]] = {
    "json": json.render,
    "junit": junit.render,
    "tap": tap.render,
}


class TestOptions(NamedTuple):
    """The options of `lsmc test`; `coverage` is empty for one that is printed."""

    paths: tuple[str, ...]
    coverage: str | None
    least: float | None
    mutate: int | None
    html: str | None
    enforce: bool
    form: str


def run_tests(wanted: TestOptions, reading: Reading, screen: Screen) -> int:
    """Run all tests; the exit code."""
    for path in filter(None, (wanted.coverage, wanted.html)):
        check_output(path)
    if wanted.html is not None:
        from lsmc.cli.pages import page_library

        page_library()
    files, faults = _read(list(_found(wanted.paths)))
    ran = _Run(wanted, reading, screen).all(files) if not faults else ([], [])
    faults += ran[1]
    if faults:
        for fault in faults:
            screen.fault(*fault)
        return WRONG
    return _Told(wanted, reading, screen).told(ran[0])


def _found(paths: Sequence[str]) -> Iterator[str]:
    """The test files of some paths, each once; `UsageFault` for a path without any."""
    seen: set[str] = set()
    for path in paths:
        inside = sorted(_inside(path)) if os.path.isdir(path) else [path]
        if not inside:
            raise UsageFault(f"no tests in `{path}`: their files end in {TESTS}")
        for one in inside:
            if (real := os.path.realpath(one)) not in seen:
                seen.add(real)
                yield one


def _inside(folder: str) -> Iterator[str]:
    """The test files below a directory; OSError for one that cannot be read."""

    def fail(fault: OSError) -> None:
        raise fault

    for place, _, names in os.walk(folder, onerror=fail):
        yield from (os.path.normpath(os.path.join(place, n)) for n in names if n.endswith(TESTS))


def _read(paths: Sequence[str]) -> tuple[list[TestFile], list[Mistake]]:
    """The test files, and all that is wrong in them; OSError."""
    files: list[TestFile] = []
    faults: list[Mistake] = []
    for path in paths:
        data, _ = read_regular(path, MOST)
        try:
            files.append(read_tests(path, data))
        except TestFault as fault:
            faults += fault.faults
    return files, faults


class _Run:
    """Runs test files; those of one policy share it."""

    def __init__(self, wanted: TestOptions, reading: Reading, screen: Screen) -> None:
        self.wanted = wanted
        self.reading = reading
        self.screen = screen
        self._policies: dict[object, Policy] = {}

    def all(
        self, files: Sequence[TestFile]
    ) -> tuple[list[tuple[Checked, FileResult]], list[Mistake]]:
        """The results, and what is wrong in the files; `PolicyError`, `BundleError`, OSError."""
        found: list[tuple[Checked, FileResult]] = []
        faults: list[Mistake] = []
        for file in files:
            try:
                found.append(run(file, self._policy(file)))
            except TestFault as fault:
                faults += fault.faults
        return found, faults

    def _policy(self, file: TestFile) -> Policy:
        base = self.reading.base if self.reading.base is not None else file.base
        module = self.reading.module or file.module
        key = (file.policy, base, module)
        if key not in self._policies:
            _check_named(file)
            reading = self.reading._replace(base=base, module=module)
            policy = read_policies(file.policy, reading, self.screen)
            self._policies[key] = policy.enforced if self.wanted.enforce else policy
        return self._policies[key]


def _check_named(file: TestFile) -> None:
    """Raise `TestFault` unless there are the policy and the module that a file names."""
    from lsmc.base.errors import hint
    from lsmc.modules.registry import MODULES

    faults: list[Mistake] = []
    named = [("policy", path) for path in file.policy]
    named += [("base", file.base)] if file.base is not None else []
    for number, (key, path) in enumerate(named):
        if not os.path.exists(path):
            place = file.places.value((key, number))
            faults.append(Mistake(place, f"`{path}`: no such file or directory"))
    if file.module is not None and file.module not in MODULES:
        message = f"unknown security module `{file.module}`{hint(file.module, MODULES)}"
        faults.append(Mistake(file.places.value(("module",)), message))
    if faults:
        raise TestFault(faults)


class _Told:
    """Tells results in the formats that are wanted."""

    def __init__(self, wanted: TestOptions, reading: Reading, screen: Screen) -> None:
        self.wanted = wanted
        self.reading = reading
        self.screen = screen

    def told(self, ran: Sequence[tuple[Checked, FileResult]]) -> int:
        """Print and write everything; the exit code."""
        wanted = self.wanted
        covered = None
        if wanted.coverage is not None or wanted.least is not None or wanted.html is not None:
            covered = self._coverage(ran)
        report = TestReport(
            files=tuple(result for _, result in ran),
            coverage=covered,
            least=wanted.least,
            mutants=mutants(ran, wanted.mutate) if wanted.mutate is not None else None,
        )
        if wanted.coverage and covered is not None:
            write_output(wanted.coverage, _coverage_document(wanted.coverage, covered))
        if wanted.html is not None:
            self._page(report, wanted.html)
        if wanted.form in _DOCUMENTS:
            self.screen.text(_DOCUMENTS[wanted.form](report))
        else:
            shown = report if wanted.coverage == "" else report._replace(coverage=None)
            self.screen.rich(report_lines(shown))
        if not report.covers and covered is not None:
            self.screen.remark(
                ("lsmc: ", "bad"),
                f"the coverage is {covered.percent:.1f}%, less than {wanted.least:g}%",
            )
        return YES if report.holds else NO

    def _coverage(self, ran: Sequence[tuple[Checked, FileResult]]) -> Coverage:
        policies = {id(checked.policy): checked.policy for checked, _ in ran}
        rules = [written_rules(policy) for policy in policies.values()]
        return coverage(rules, (one for _, result in ran for one in result.cases))

    def _page(self, report: TestReport, path: str) -> None:
        from lsmc.cli.pages import PolicyFiles, write_page
        from lsmc.output.testing.page import coverage_page

        page = coverage_page(report, PolicyFiles(self.reading.restrict))
        write_page(path, page, self.screen)


def _coverage_document(path: str, covered: Coverage) -> bytes:
    """The coverage in the format that the end of a file's name stands for."""
    from lsmc.output.styled import plain

    if path.endswith(".json"):
        text = json.coverage_document(covered)
    elif path.endswith((".info", ".lcov")):
        text = lcov.render(covered)
    else:
        text = plain(coverage_lines(covered))
    return text.encode("utf-8", "backslashreplace")
