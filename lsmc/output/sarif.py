"""SARIF 2.1.0 (OASIS), as code scanning services read it.

Paths are relative to the root of the repository, lines and columns begin at 1, columns count
characters.  Failures of lsmc itself are notifications of the invocation, not results.  A rule comes
with its whole page, and neither it nor the tool with an address: the pages have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lsmc.base.diagnostics import Diagnostic, Fix
from lsmc.base.source import Span, to_display
from lsmc.lint.rule_docs import Page
from lsmc.output.fingerprints import fingerprints
from lsmc.output.json import Object, dumps
from lsmc.output.report import LintReport
from lsmc.version import __version__

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_ROOT = "%SRCROOT%"


def render(report: LintReport) -> str:
    """The log of one run."""
    codes = sorted({one.code for one in report.findings})
    index = {code: number for number, code in enumerate(codes)}
    invocation: Object = {"executionSuccessful": not report.faults}
    if report.faults:
        invocation["toolExecutionNotifications"] = [
            {"level": "error", "message": {"text": one.message}} for one in report.faults
        ]
    results = [_result(report, one, name, index) for one, name in fingerprints(report)]
    rules = [_rule(code, report) for code in codes]
    return document(report, rules, results, {"invocations": [invocation]})


def document(
    report: LintReport, rules: Sequence[Object], results: Sequence[Object], more: Object
) -> str:
    """The text of a log with one run; `more` are further members of the run."""
    driver = {"name": "lsmc", "version": __version__, "semanticVersion": __version__}
    run: Object = {
        "tool": {"driver": {**driver, "rules": list(rules)}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"uri": _root(report)}},
        **more,
        "results": list(results),
    }
    return dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _root(report: LintReport) -> str:
    return Path(report.root).resolve().as_uri().rstrip("/") + "/"


def _rule(code: str, report: LintReport) -> Object:
    page = report.pages.get(code)
    if page is None:
        return {"id": code}
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in page.name.split("-")),
        "shortDescription": {"text": page.summary},
        "fullDescription": {"text": page.part("What it does") or page.summary},
        "help": {"text": page.plain, "markdown": page.markdown},
        "defaultConfiguration": {"level": _LEVELS[page.severity]},
        "properties": {"precision": page.confidence, "tags": _tags(report, page)},
    }


def _tags(report: LintReport, page: Page) -> list[str]:
    return ["security", report.module] if page.code.startswith("LSM3") else [report.module]


def _result(report: LintReport, found: Diagnostic, name: str, index: dict[str, int]) -> Object:
    message = found.message + (f"\n{found.help}" if found.help else "")
    result: Object = {
        "ruleId": found.code,
        "ruleIndex": index[found.code],
        "level": _LEVELS[found.severity],
        "message": {"text": message},
        "partialFingerprints": {"lsmc/v1": name},
    }
    if found.span is not None:
        result["locations"] = [{"physicalLocation": _place(report, found.span)}]
    if found.profile:
        for location in result.get("locations", []):
            location["logicalLocations"] = [{"name": found.profile, "kind": "profile"}]
    if found.related:
        result["relatedLocations"] = [
            {
                "id": number,
                "physicalLocation": _place(report, label.span),
                "message": {"text": label.message},
            }
            for number, label in enumerate(found.related)
        ]
    if found.fix is not None and found.fix.edits:
        result["fixes"] = [_fix(report, found.fix)]
    if found.witness is not None:
        result["properties"] = {"witness": dict(found.witness)}
    return result


def _place(report: LintReport, span: Span) -> Object:
    return {"artifactLocation": _artifact(report, span), "region": _region(span)}


def _artifact(report: LintReport, span: Span) -> Object:
    return artifact(report, span.source.path)


def artifact(report: LintReport, path: str) -> Object:
    """The address of a file."""
    uri, relative = report.uri(path)
    return {"uri": uri, "uriBaseId": _ROOT} if relative else {"uri": uri}


def _region(span: Span) -> Object:
    place = span.location()
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def _fix(report: LintReport, fix: Fix) -> Object:
    by_file: dict[str, list[Object]] = {}
    artifacts: dict[str, Object] = {}
    for edit in fix.edits:
        path = edit.span.source.path
        artifacts[path] = _artifact(report, edit.span)
        by_file.setdefault(path, []).append(
            {
                "deletedRegion": _region(edit.span),
                "insertedContent": {"text": to_display(edit.text)},
            }
        )
    return {
        "description": {"text": fix.title + ("" if fix.safe else " (may change decisions)")},
        "artifactChanges": [
            {"artifactLocation": artifacts[path], "replacements": by_file[path]} for path in by_file
        ],
    }
