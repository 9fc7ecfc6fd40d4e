"""The one exception inside the front end: a single item is refused, the rest goes on."""

from __future__ import annotations

from lsmc.base.diagnostics import Diagnostic


class Refused(Exception):
    """An item cannot be accepted; caught where items are walked, which keeps the diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic
