"""The errors of a compilation that no front end finds: files and tables."""

from __future__ import annotations

from lsmc.diagnostics import Diagnostic
from lsmc.frontend.apparmor.errors import error
from lsmc.frontend.apparmor.library import cannot_read
from lsmc.source import Source, Span
from lsmc.tables.build import TooComplexError


def unreadable(path: str, fault: OSError) -> Diagnostic:
    """The error for a file that cannot be read."""
    return cannot_read(Span(Source(path, ""), 0, 0), path, fault)


def too_complex(fault: TooComplexError) -> Diagnostic:
    """The error for a rule that no table can hold."""
    return error(
        "too-complex",
        fault.rule.origin,
        "this rule's pattern needs more states than a table may have",
        "split it into simpler rules",
    )
