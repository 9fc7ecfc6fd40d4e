"""Workflow commands of GitHub Actions, which become annotations of a pull request.

The format is in GitHub's documentation, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from lsmc.base.diagnostics import Diagnostic
from lsmc.output.report import LintReport
from lsmc.output.styled import safe

_LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


def render(report: LintReport) -> str:
    """One command a finding."""
    lines = [_finding(report, one) for one in report.findings]
    lines += [
        workflow_command("error", {"title": "lsmc"}, safe(one.message)) for one in report.faults
    ]
    return "".join(lines)


def _finding(report: LintReport, found: Diagnostic) -> str:
    fields: dict[str, object] = {}
    location = found.location
    if location is not None:
        fields["file"] = safe(report.named(location.file))
        fields["line"] = location.line
        fields["endLine"] = location.end_line
        fields["col"] = location.column
        if location.end_line == location.line:  # columns of several lines are not taken
            fields["endColumn"] = max(location.column, location.end_column - 1)
    fields["title"] = f"{found.code} {found.name}"
    texts = [found.message]
    texts += [_note(label.span.location(), label.message) for label in found.related]
    if found.help:
        texts.append(f"help: {found.help}")
    return workflow_command(
        _LEVELS[found.severity], fields, "\n".join(safe(text) for text in texts)
    )


def _note(place: tuple[str, int, int, int, int], message: str) -> str:
    return f"{place[0]}:{place[1]}: {message}"


def workflow_command(level: str, fields: dict[str, object] | dict[str, str], message: str) -> str:
    """A line that the runner takes for a command: its level, its fields and its message."""
    values = ",".join(f"{name}={_field(str(value))}" for name, value in fields.items())
    return f"::{level} {values}::{_text(message)}\n"


def _text(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _field(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
