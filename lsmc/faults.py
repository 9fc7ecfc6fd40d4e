"""The errors of a compilation that no front end finds: files and tables."""

from __future__ import annotations

from lsmc.diagnostics import Diagnostic
from lsmc.frontend.apparmor.errors import error
from lsmc.source import Source, Span
from lsmc.tables.build import TooComplexError


def unreadable(path: str, fault: OSError) -> Diagnostic:
    """The error for a file that cannot be read."""
    source = Source(path, "")
    reason = (fault.strerror or str(fault)).lower()
    return error("unreadable-file", Span(source, 0, 0), f"cannot read `{path}`: {reason}")


def too_complex(fault: TooComplexError) -> Diagnostic:
    """The error for a rule that no table can hold."""
    return error(
        "too-complex",
        fault.rule.origin,
        "this rule's pattern needs more states than a table may have",
        "split it into simpler rules",
    )
