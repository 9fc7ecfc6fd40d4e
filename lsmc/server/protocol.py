"""The protocol as the library speaks it, with what this server does otherwise."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from lsprotocol import types
from pygls.protocol import LanguageServerProtocol, lsp_method


class Utf16Protocol(LanguageServerProtocol):
    """Counts columns in UTF-16, which each editor knows, whatever else an editor would like more.

    The library itself agrees to UTF-8 and UTF-32; the server's places (`positions`) are in UTF-16.
    """

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(
        self, params: types.InitializeParams
    ) -> Generator[Any, Any, types.InitializeResult]:
        """Begin the conversation."""
        general = params.capabilities.general
        if general is not None:
            general.position_encodings = None
        return (yield from super().lsp_initialize(params))
