"""The protocol as the library speaks it, with what this server does otherwise."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol, lsp_method


class Protocol(LanguageServerProtocol):
    """Counts columns in UTF-16, which each editor knows, and answers each request.

    The library itself agrees to UTF-8 and UTF-32; the server's places (`positions`) are in UTF-16.
    """

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A message in the types of the protocol; a request that does not fit is answered so.

        The library leaves such a request without an answer, for which an editor waits.
        """
        try:
            return super().structure_message(data)
        except JsonRpcException as fault:
            if "method" in data and "id" in data:
                self._send_response(data["id"], error=fault.to_response_error())
            raise

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(
        self, params: types.InitializeParams
    ) -> Generator[Any, Any, types.InitializeResult]:
        """Begin the conversation."""
        general = params.capabilities.general
        if general is not None:
            general.position_encodings = None
        return (yield from super().lsp_initialize(params))
