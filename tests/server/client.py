"""A client of the server in another process, for tests: what it is told is kept."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import BaseLanguageClient

from tests.places import ROOT

#: Seconds to wait for an answer: the machine may be busy.
PATIENCE = 20


class Client(BaseLanguageClient):
    """The client, with the diagnostics of each file and the lines of the log."""

    def __init__(self) -> None:
        super().__init__("test", "1")
        self.published: dict[str, types.PublishDiagnosticsParams] = {}
        self.logged: list[str] = []
        self.shown: list[str] = []
        self.registered: list[str] = []
        self.changed = asyncio.Event()
        self.versions: dict[str, int] = {}

        @self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def publish(params: types.PublishDiagnosticsParams) -> None:
            self.published[params.uri] = params
            self.changed.set()

        @self.feature(types.WINDOW_LOG_MESSAGE)
        def log(params: types.LogMessageParams) -> None:
            self.logged.append(params.message)
            self.changed.set()

        @self.feature(types.CLIENT_REGISTER_CAPABILITY)
        def register(params: types.RegistrationParams) -> None:
            self.registered += [one.method for one in params.registrations]
            self.changed.set()

        @self.feature(types.WINDOW_SHOW_MESSAGE)
        def show(params: types.ShowMessageParams) -> None:
            self.shown.append(params.message)

    def open(self, path: Path | str, text: str | None = None, language: str = "") -> str:
        """Open a file, or a text in its place; returns its address."""
        uri = path.as_uri() if isinstance(path, Path) else path
        if text is None:
            assert isinstance(path, Path)
            text = path.read_text()
        self.versions[uri] = 1
        item = types.TextDocumentItem(uri, language, 1, text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def change(self, uri: str, text: str, where: types.Range | None = None) -> None:
        """Change a range of a document, or all of it."""
        self.versions[uri] += 1
        change: Any = types.TextDocumentContentChangeWholeDocument(text)
        if where is not None:
            change = types.TextDocumentContentChangePartial(where, text)
        self.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self.versions[uri], uri), [change]
            )
        )

    async def diagnostics(self, uri: str) -> list[types.Diagnostic]:
        """What is found in the document as it is now."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = self.published.get(uri)
                if found is not None and found.version == self.versions.get(uri):
                    return list(found.diagnostics)
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def connected(folder: Path, **settings: Any) -> AsyncIterator[Client]:
    """A client with a server that runs for it."""
    client = Client()
    await client.start_io(sys.executable, "-m", "lsmc.cli", "server", "--stdio", cwd=ROOT)
    try:
        await client.initialize_async(
            types.InitializeParams(
                types.ClientCapabilities(
                    workspace=types.WorkspaceClientCapabilities(
                        did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(
                            dynamic_registration=True
                        )
                    )
                ),
                root_uri=folder.as_uri(),
                initialization_options=settings,
            )
        )
        client.initialized(types.InitializedParams())
        yield client
        await client.shutdown_async(None)
        client.exit(None)
        if client._server is not None:
            await asyncio.wait_for(client._server.wait(), PATIENCE)
    finally:
        server = client._server
        if server is not None and server.returncode is None:
            server.kill()  # after a failure there is no end of the conversation
        await client.stop()


def at(line: int, start: int, end: int) -> types.Range:
    """A range in a line."""
    return types.Range(types.Position(line, start), types.Position(line, end))
