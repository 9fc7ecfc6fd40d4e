"""The JSON of lint: one object for a run, or a line for each file.

The shape is published in docs/schemas/; `version` changes when a field changes its meaning or goes.
"""

from __future__ import annotations

from collections.abc import Iterable

from lsmc.base.diagnostics import Diagnostic
from lsmc.output.json import diagnostic, dumps
from lsmc.output.report import LintReport

VERSION = 1


def render(report: LintReport) -> str:
    """A run as one object, indented for people."""
    levels = [one.severity for one in report.findings]
    return (
        dumps(
            {
                "version": VERSION,
                "tool": {"name": "lsmc", "version": report.version},
                "diagnostics": [diagnostic(one) for one in report.findings],
                "internal_errors": [one.message for one in report.faults],
                "summary": {
                    "files": len(report.files),
                    "error": levels.count("error"),
                    "warning": levels.count("warning"),
                    "info": levels.count("info"),
                    "suppressed": report.suppressed,
                    "in_baseline": report.known,
                },
            },
            indent=2,
        )
        + "\n"
    )


def file_line(path: str, findings: Iterable[Diagnostic], ok: bool = True) -> str:
    """The line for one file; `ok` is false when the compiler refuses it, or that is unknown."""
    found = list(findings)
    ok = ok and all(one.severity != "error" for one in found)
    return dumps({"file": path, "ok": ok, "diagnostics": [diagnostic(o) for o in found]}) + "\n"
