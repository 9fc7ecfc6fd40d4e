"""The errors of a compilation that no front end finds: files and tables."""

from __future__ import annotations

from lsmc.automata.dfa import MAX_STATES
from lsmc.automata.partition import MAX_SPARE
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source, Span
from lsmc.modules.apparmor.errors import error
from lsmc.modules.apparmor.resolve.library import cannot_read
from lsmc.tables.build import TooComplexError


def unreadable(path: str, fault: OSError) -> Diagnostic:
    """The error for a file that cannot be read."""
    return cannot_read(Span(Source(path, ""), 0, 0), path, fault)


def too_complex(fault: TooComplexError) -> Diagnostic:
    """The error for a rule or an attachment that no table can hold."""
    if fault.limit < MAX_STATES:
        return error(
            "too-complex",
            fault.origin,
            f"this pattern needs more than the {fault.limit:,} states that it may have here",
            "write a simpler pattern here, or in what was read before: the patterns of a run may "
            f"have {MAX_SPARE:,} states together beyond what is usual",
        )
    return error(
        "too-complex",
        fault.origin,
        "this pattern needs more states than a table may have",
        "split it into simpler patterns",
    )
