"""The language server: what the editor says is handed on, and what comes of it is sent."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.errors import Error
from lsmc.modules.editing import Refusal
from lsmc.server import asking, changing, messages, policy_tests
from lsmc.server.documents import path_of
from lsmc.server.messages import diagnostics
from lsmc.server.places import Places
from lsmc.server.positions import Position, Range
from lsmc.server.protocol import Protocol
from lsmc.server.session import Page, Session, fault_text
from lsmc.server.settings import read_settings
from lsmc.version import __version__

T = TypeVar("T")
#: When garbage is looked for: seldom, since what is kept of policy is large and holds none.
_COLLECT = (100_000, 50, 100)


class _Shown(NamedTuple):
    """What was found in each file, and the versions of the open documents then, by path."""

    versions: Mapping[str, int]
    found: Mapping[str, list[types.Diagnostic]]


class PolicyServer(LanguageServer):
    """The server of one editor."""

    def __init__(self) -> None:
        super().__init__("lsmc", __version__, protocol_cls=Protocol)
        self.session = Session(self._found, lambda text: self._later(self.tell, text))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told: set[str] = set()
        #: By the document that was judged.
        self._shown: dict[str, _Shown] = {}

    def begin(self) -> None:
        """Take note of the thread of the messages."""
        self._loop = asyncio.get_running_loop()

    async def watch_files(self) -> None:
        """Ask the editor to tell of files that change on disk, if it can."""
        workspace = self.client_capabilities.workspace
        watching = workspace.did_change_watched_files if workspace is not None else None
        if watching is None or not watching.dynamic_registration:
            return
        every = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/*")])
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        await self.client_register_capability_async(
            types.RegistrationParams([types.Registration("files", method, every)])
        )

    def take_settings(self, given: object) -> None:
        """Take settings; what is wrong with them is told."""
        self.session.settings, faults = read_settings(given)
        self._told.clear()
        for fault in faults:
            self.tell(fault)

    def log(self, text: str) -> None:
        """Tell the editor's log what went wrong."""
        self.window_log_message(types.LogMessageParams(types.MessageType.Error, f"lsmc: {text}"))

    def tell(self, text: str) -> None:
        """Log what went wrong; the user is shown it as well, once until the settings change."""
        self.log(text)
        if text not in self._told:
            self._told.add(text)
            self.show(types.MessageType.Error, f"lsmc: {text}")

    def show(self, kind: types.MessageType, text: str) -> None:
        """Show the user a text."""
        self.window_show_message(types.ShowMessageParams(kind, text))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Tell the editor's log of a message that could not be read or answered.

        What is sent to the editor as the answer to its request is not told twice.
        """
        del source
        if not isinstance(error, JsonRpcException):
            self.log(fault_text(error))

    async def answered(
        self, uri: str, work: Callable[[Page], T], *, tell: bool = False
    ) -> T | None:
        """What is answered of a document; None when it is not open, or when that fails.

        With `tell` the user is told why something cannot be done; else the log alone.
        """
        try:
            return await asyncio.wrap_future(self.session.ask(path_of(uri), work))
        except Refusal as fault:
            if tell:
                raise JsonRpcException(str(fault), types.LSPErrorCodes.RequestFailed) from None
            return None
        except Exception as fault:  # noqa: BLE001 - one answer less, and the server serves on
            self.tell(fault_text(fault))
            return None

    def _found(
        self, path: str, versions: Mapping[str, int], found: dict[str, list[Diagnostic]]
    ) -> None:
        """Publish what was found for a document, in it and in other files."""
        places = Places(self.session.documents.uri)
        shown = {file: diagnostics(some, places) for file, some in found.items()}
        self._later(self._show, path, _Shown(versions, shown))

    def _show(self, path: str, shown: _Shown) -> None:
        documents = self.session.documents
        now = documents.versions()
        if shown.found and now.get(path) != shown.versions.get(path):
            return
        before = self._shown.pop(path, shown)
        if shown.found:
            self._shown[path] = shown
        for file in (*sorted({*before.found, *shown.found} - {path}), path):
            some: list[types.Diagnostic] = []
            for one in self._shown.values():
                if one.versions.get(file) == now.get(file):  # else it is of another text
                    some += [each for each in one.found.get(file, ()) if each not in some]
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(documents.uri(file), some, now.get(file))
            )

    def _later(self, call: Callable[..., None], *args: Any) -> None:
        """Have something called in the thread of the messages."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *args)


def make_server() -> PolicyServer:
    """A server with all that it can do."""
    server = PolicyServer()
    session = server.session

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.begin()
        server.take_settings(params.initialization_options)

    @server.feature(types.INITIALIZED)
    async def initialized(params: types.InitializedParams) -> None:
        del params
        await server.watch_files()

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        one = params.text_document
        opened = session.documents.open(one.uri, one.language_id, one.version, one.text)
        session.changed(opened, 0.0)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        one = params.text_document
        changes = [_change(change) for change in params.content_changes]
        document = session.documents.change(one.uri, one.version, changes)
        if document is not None:
            session.changed(document)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        del params  # the text is known; other files of policy may have changed with it
        session.all_changed()

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        session.closed(params.text_document.uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def did_change_configuration(params: types.DidChangeConfigurationParams) -> None:
        given = params.settings
        if not given:  # what editors without settings say, whatever they gave at the beginning
            return
        server.take_settings(given.get("lsmc", given) if isinstance(given, dict) else given)
        session.all_changed()

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def did_change_watched_files(params: types.DidChangeWatchedFilesParams) -> None:
        same = types.FileChangeType.Changed
        session.files_changed(
            (path_of(one.uri) for one in params.changes if one.type == same),
            (path_of(one.uri) for one in params.changes if one.type != same),
        )

    @server.command(messages.RUN_TESTS)
    async def run_tests(path: str) -> None:
        try:
            told = await asyncio.wrap_future(session.desk.ask(lambda: policy_tests.run_tests(path)))
        except (Error, OSError) as fault:
            server.log(str(fault))
            server.show(types.MessageType.Error, str(fault).splitlines()[0])
            return
        for line in told.details:
            server.log(line)
        kind = types.MessageType.Info if told.holds else types.MessageType.Warning
        server.show(kind, "; ".join([told.summary, *told.details[:1]]))

    asking.register(server)
    changing.register(server)
    return server


def _change(change: types.TextDocumentContentChangeEvent) -> tuple[Range | None, str]:
    if not isinstance(change, types.TextDocumentContentChangePartial):
        return None, change.text
    start, end = change.range.start, change.range.end
    where = Range(Position(start.line, start.character), Position(end.line, end.character))
    return where, change.text


def serve() -> None:
    """Serve one editor on standard input and output until it ends the conversation."""
    server = make_server()
    gc.set_threshold(*_COLLECT)
    try:
        # The library closes what it serves, and the process flushes its own once more at its end.
        source, target = (os.dup(one.fileno()) for one in (sys.stdin, sys.stdout))
        server.start_io(os.fdopen(source, "rb"), os.fdopen(target, "wb"))
    finally:
        server.session.desk.close()
