"""Diagnostics as one line each: `file:line:column: severity: CODE message`."""

from __future__ import annotations

from collections.abc import Iterable

from lsmc.base.diagnostics import Diagnostic
from lsmc.output.styled import safe


def render(diagnostics: Iterable[Diagnostic]) -> str:
    """One line a diagnostic."""
    return "".join(f"{_one(diagnostic)}\n" for diagnostic in diagnostics)


def _one(diagnostic: Diagnostic) -> str:
    location = diagnostic.location
    where = f"{safe(location.file)}:{location.line}:{location.column}: " if location else ""
    return f"{where}{diagnostic.severity}: {diagnostic.code} {safe(diagnostic.message)}"
