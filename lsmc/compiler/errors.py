"""Compile errors that do not depend on a policy language.

Their numbers belong to the catalogue of codes, of which each security module has a part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsmc.base.diagnostics import Diagnostic, Label, catalogued
from lsmc.base.source import Source, Span
from lsmc.compiler.inputs import OutsideError

if TYPE_CHECKING:
    from lsmc.tables.build import TooComplexError

CODES = {
    "unreadable-file": 87,
    "nested-too-deeply": 88,
    "too-complex": 89,
    "file-outside": 91,
}


def unreadable(path: str, fault: OSError, span: Span | None = None) -> Diagnostic:
    """The error for a file that cannot be read, at the place that includes it if there is one."""
    kind = "file-outside" if isinstance(fault, OutsideError) else "unreadable-file"
    reason = (fault.strerror or str(fault)).lower()
    where = span if span is not None else Span(Source(path, ""), 0, 0)
    return error(kind, where, f"cannot read `{path}`: {reason}")


def too_complex(fault: TooComplexError) -> Diagnostic:
    """The error for a rule or an attachment whose automaton is too large."""
    from lsmc.automata.dfa import MAX_STATES
    from lsmc.automata.partition import MAX_SPARE

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


def error(name: str, span: Span, message: str, help: str = "") -> Diagnostic:
    """Build an error of `CODES`."""
    return catalogued(CODES, name, span, message, help)


def defined_twice(name: str, origin: Span, first: Span) -> Diagnostic:
    """The warning for a profile whose name an earlier profile has."""
    same = origin.location() == first.location()
    where = "by two files that include its text" if same else "twice"
    return Diagnostic(
        code="LSM207",
        name="duplicate-profile",
        severity="warning",
        message=f"profile `{name}` is defined {where}; the first one is used",
        span=origin,
        help="rename or remove one of them",
        related=() if same else (Label(first, "first defined here"),),
    )
