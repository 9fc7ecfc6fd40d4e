"""A Code Quality report of GitLab (GitLab's documentation, "Code Quality report format")."""

from __future__ import annotations

from lsmc.output.fingerprints import fingerprints
from lsmc.output.json import Object, dumps
from lsmc.output.report import LintReport

_SEVERITY = {"error": "critical", "warning": "major", "info": "info"}


def render(report: LintReport) -> str:
    """An array of issues."""
    found = []
    for one, name in fingerprints(report):
        location = one.location
        issue: Object = {
            "description": one.message,
            "check_name": f"{one.code} {one.name}",
            "fingerprint": name,
            "severity": _SEVERITY[one.severity],
            "location": {
                "path": report.named(location.file) if location else ".",
                "lines": {
                    "begin": location.line if location else 1,
                    "end": location.end_line if location else 1,
                },
            },
        }
        found.append(issue)
    return dumps(found, indent=2) + "\n"
