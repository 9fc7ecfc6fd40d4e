"""The language server: what the editor says is handed on, and what comes of it is sent."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.errors import Error
from lsmc.server.desk import Desk, Pause
from lsmc.server.documents import Documents
from lsmc.server.judging import Judge
from lsmc.server.messages import Places, diagnostics
from lsmc.server.positions import Position, Range
from lsmc.server.protocol import Utf16Protocol
from lsmc.server.settings import Settings, read_settings
from lsmc.version import __version__

if TYPE_CHECKING:
    from lsmc.server.documents import Document

#: Seconds that typing must pause before a document is judged.
DELAY = 0.1


class PolicyServer(LanguageServer):
    """The server: documents, settings, the desk, and what was last published of each document."""

    def __init__(self) -> None:
        super().__init__("lsmc", __version__, protocol_cls=Utf16Protocol)
        self.documents = Documents()
        self.settings = Settings()
        self.judge = Judge()
        self.desk = Desk(self._failed)
        self.loop: asyncio.AbstractEventLoop | None = None
        #: What was found in each file, by the document that was judged.
        self._found: dict[str, dict[str, list[types.Diagnostic]]] = {}

    def take_settings(self, given: object) -> None:
        """Take settings; what is wrong with them is told."""
        self.settings, faults = read_settings(given)
        for fault in faults:
            self.log(types.MessageType.Warning, fault)

    def log(self, kind: types.MessageType, message: str) -> None:
        """Tell the editor's log."""
        self.window_log_message(types.LogMessageParams(kind, f"lsmc: {message}"))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Tell the editor's log of a message that could not be read."""
        del source
        self.log(types.MessageType.Error, f"{type(error).__name__}: {error}")

    def analyse(self, document: Document, delay: float = DELAY) -> None:
        """Have a document judged, and what is found published."""
        self.desk.analyse(document.path, lambda pause: self._judge(document.path, pause), delay)

    def analyse_all(self) -> None:
        """Have all open documents judged anew."""
        for document in self.documents:
            self.analyse(document)

    def forget(self, path: str) -> None:
        """Take back what was found for a document."""
        self.desk.drop(path)
        self._publish(path, None, {})

    def _judge(self, path: str, pause: Pause) -> None:
        """Judge a document; runs at the desk."""
        document = self.documents.get(path)
        if document is None:
            return
        try:
            files = self.documents.files()
            ground = self.judge.ground(document, self.settings, files)
            judgement = self.judge.judge(document, ground, files, pause)
        except Error as fault:
            self._later(self.log, types.MessageType.Error, str(fault))
            return
        for one in judgement.faults:
            self._later(self.log, types.MessageType.Error, one.message)
        places = Places(self.documents.uri)
        found: dict[str, list[types.Diagnostic]] = {}
        for file, some in _by_file(path, judgement.findings).items():
            found[file] = diagnostics(some, places)
        self._later(self._publish, path, document.version, found)

    def _publish(
        self, path: str, version: int | None, found: dict[str, list[types.Diagnostic]]
    ) -> None:
        """Publish what was found for a document, in it and in other files."""
        document = self.documents.get(path)
        if version is not None and (document is None or document.version != version):
            return
        before = self._found.pop(path, {})
        if found:
            self._found[path] = found
        for file in {path, *before, *found}:
            shown = self.documents.get(file)
            some: list[types.Diagnostic] = []
            for one in (one for by_file in self._found.values() for one in by_file.get(file, ())):
                if one not in some:
                    some.append(one)
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(
                    self.documents.uri(file), some, shown.version if shown is not None else None
                )
            )

    def _later(self, call: Any, *args: Any) -> None:
        """Have something called in the thread of the messages."""
        if self.loop is not None:
            self.loop.call_soon_threadsafe(call, *args)

    def _failed(self, fault: Exception) -> None:
        self._later(self.log, types.MessageType.Error, f"{type(fault).__name__}: {fault}")


def _by_file(path: str, findings: Iterable[Diagnostic]) -> dict[str, list[Diagnostic]]:
    """Findings by file; those without a place count to the document."""
    found: dict[str, list[Diagnostic]] = {path: []}
    for one in findings:
        found.setdefault(one.file or path, []).append(one)
    return found


def make_server() -> PolicyServer:
    """A server with all that it can do."""
    server = PolicyServer()

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.loop = asyncio.get_running_loop()
        server.take_settings(params.initialization_options)

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        one = params.text_document
        server.analyse(server.documents.open(one.uri, one.language_id, one.version, one.text), 0.0)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        changes = [_change(change) for change in params.content_changes]
        one = params.text_document
        document = server.documents.change(one.uri, one.version, changes)
        if document is not None:
            server.analyse(document)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        del params
        server.analyse_all()

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        server.forget(server.documents.close(params.text_document.uri))

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def did_change_configuration(params: types.DidChangeConfigurationParams) -> None:
        given = params.settings
        if not given:  # what editors without settings say, whatever they gave at the beginning
            return
        server.take_settings(given.get("lsmc", given) if isinstance(given, dict) else given)
        server.analyse_all()

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def did_change_watched_files(params: types.DidChangeWatchedFilesParams) -> None:
        del params
        server.analyse_all()

    return server


def _change(change: types.TextDocumentContentChangeEvent) -> tuple[Range | None, str]:
    where = getattr(change, "range", None)
    if where is None:
        return None, change.text
    start, end = where.start, where.end
    return Range(
        Position(start.line, start.character), Position(end.line, end.character)
    ), change.text


def serve() -> None:
    """Serve one editor on standard input and output until it ends the conversation."""
    server = make_server()
    try:
        # The library closes what it serves, and the process flushes its own once more at its end.
        source, target = (os.dup(one.fileno()) for one in (sys.stdin, sys.stdout))
        server.start_io(os.fdopen(source, "rb"), os.fdopen(target, "wb"))
    finally:
        server.desk.close()
