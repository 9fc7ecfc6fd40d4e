"""The kinds of error in Smack policy: what the kernel refuses with EINVAL, each with a code."""

from __future__ import annotations

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span
from lsmc.compiler.errors import CODES as SHARED

#: The names of the errors by code: those of Smack, and those of every module.
CODES = {"label": 701, "row": 702, "value": 703}
NAMES = {701: "refused-label", 702: "incomplete-row", 703: "refused-value"}
_SHARED = ("unreadable-file", "file-outside")
ERRORS = {
    **{f"LSM{SHARED[name]:03d}": name for name in _SHARED},
    **{f"LSM{code:03d}": name for code, name in NAMES.items()},
}


def error(kind: str, span: Span, message: str, help: str) -> Diagnostic:
    """An error of Smack policy; `kind` is one of `CODES`."""
    code = CODES[kind]
    return Diagnostic(f"LSM{code:03d}", NAMES[code], "error", message, span, help)
