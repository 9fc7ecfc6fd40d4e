"""The one exception inside the front end: a single item is refused, the rest goes on."""

from __future__ import annotations

from collections.abc import Iterable

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.base.source import Span
from lsmc.modules.apparmor.errors import error


class Refused(Exception):
    """An item cannot be accepted; caught where items are walked, which keeps the diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def refusal(
    name: str, span: Span | None, message: str, help: str = "", related: Iterable[Label] = ()
) -> Refused:
    """The exception for an error of the catalogue: `lsmc.modules.apparmor.errors.error`."""
    return Refused(error(name, span, message, help, related))
