"""The results of tests as one JSON object; its shape is in docs/schemas/test-results-1.json."""

from __future__ import annotations

from typing import Any

from lsmc.output.json import dumps, explanation, verdict
from lsmc.output.testing.words import reasons
from lsmc.testing.coverage import Coverage
from lsmc.testing.results import CaseResult, FileResult, Mutant, NeverResult, TestReport

Object = dict[str, Any]


def render(report: TestReport) -> str:
    """The whole document."""
    tests = [test.holds for file in report.files for test in file.tests]
    found: Object = {
        "version": 1,
        "holds": report.holds,
        "tests": len(tests),
        "failed": tests.count(False),
        "files": [_file(file) for file in report.files],
        "coverage": coverage_object(report.coverage) if report.coverage is not None else None,
        "mutants": None if report.mutants is None else [_mutant(one) for one in report.mutants],
    }
    return dumps(found, indent=2) + "\n"


def _file(file: FileResult) -> Object:
    return {
        "file": file.file.path,
        "policy": list(file.file.policy),
        "cases": [_case(file, one) for one in file.cases],
        "nevers": [_never(file, one) for one in file.nevers],
    }


def _case(file: FileResult, result: CaseResult) -> Object:
    case = result.case
    request = dict(case.request)
    words = {name: request.pop(name) for name in ("subject", "op", "object")}
    return {
        "name": case.name,
        "line": file.file.line(case),
        "holds": result.holds,
        "request": case.request,
        "expect": case.expect,
        "failures": list(result.failures),
        "verdict": verdict(result.verdict),
        "explanation": None
        if result.holds
        else explanation(file.policy.explain(**words, **request)),
    }


def _never(file: FileResult, result: NeverResult) -> Object:
    return {
        "name": result.never.name,
        "line": file.file.line(result.never),
        "holds": result.holds,
        "subjects": result.subjects,
        "failures": list(reasons(result)),
        "breaches": [
            {
                "subject": one.subject,
                "why": one.why,
                "request": dict(one.request),
                "verdict": verdict(one.verdict),
            }
            for one in result.breaches
        ],
    }


def _mutant(one: Mutant) -> Object:
    return {**one._asdict(), "noticed": one.noticed or None}


def coverage_object(coverage: Coverage) -> Object:
    """The coverage, each rule with the number of cases that it decided."""
    return {
        "rules": coverage.rules,
        "covered": coverage.covered,
        "percent": round(coverage.percent, 2),
        "files": [
            {
                "file": file.file,
                "rules": len(file.rules),
                "covered": file.covered,
                "lines": [rule._asdict() for rule in file.rules],
            }
            for file in coverage.files
        ],
    }


def coverage_document(coverage: Coverage) -> str:
    """The coverage alone as a document."""
    return dumps(coverage_object(coverage), indent=2) + "\n"
