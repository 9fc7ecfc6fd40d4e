"""One conversation with an editor: documents, settings, what is known of them, the desk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from pathlib import PurePath
from typing import Any, NamedTuple, TypeVar

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.errors import Error
from lsmc.base.gc import gc_paused
from lsmc.compiler.inputs import DiskFiles
from lsmc.lint.config import NAMES
from lsmc.modules.editing import Editing, Scope
from lsmc.server.desk import Desk, Pause
from lsmc.server.documents import Document, Documents
from lsmc.server.judging import Ground, Judge, Judgement, is_policy
from lsmc.server.places import Places
from lsmc.server.positions import Position
from lsmc.server.settings import Settings

T = TypeVar("T")
#: Seconds that typing must pause before a document is judged.
DELAY = 0.1
#: Bytes of a file of any module.
_LARGEST = 1 << 26


class Page(NamedTuple):
    """A document as it is now: by what it is judged, and its module's view of it.

    `versions` are those of the open documents that `files` holds, by path.  `snapshot` is None
    where the module gives no more than findings, or the file cannot be read.  `places` finds
    positions in all files.
    """

    document: Document
    settings: Settings
    ground: Ground
    files: DiskFiles
    versions: Mapping[str, int]
    snapshot: Any
    places: Places

    @property
    def editing(self) -> Editing:
        """What the module gives to an editor."""
        return self.ground.editing

    @property
    def scope(self) -> Scope:
        """What is judged with the document."""
        if self.snapshot is None or self.editing.scope is None:
            return Scope((self.document.path,))
        return self.editing.scope(self.snapshot)

    def offset(self, line: int, character: int) -> int:
        """The offset of a position."""
        return self.document.text.offset(Position(line, character))


class Session:
    """The conversation; its work on policy is done at the desk.

    `publish` is given what is found for a document: its path, the versions of the open documents
    that it was judged with, and findings by file; neither of a document that was closed.  `tell` is
    given what went wrong.  Both are called in the thread of the desk.
    """

    def __init__(
        self,
        publish: Callable[[str, Mapping[str, int], dict[str, list[Diagnostic]]], None],
        tell: Callable[[str], None],
    ) -> None:
        self.documents = Documents()
        self.settings = Settings()
        self.judge = Judge()
        self.desk = Desk(lambda fault: tell(fault_text(fault)))
        self._publish = publish
        self._tell = tell
        self._pages: dict[str, tuple[int, Page]] = {}
        self._judged: dict[str, tuple[int, Judgement]] = {}

    # --- what the editor says

    def changed(self, document: Document, delay: float = DELAY) -> None:
        """Have a document judged, and those that may include it."""
        self._analyse(document, delay)
        for other in self.documents:
            if other is not document and self._read_by(other, document.path):
                self._analyse(other, delay)

    def all_changed(self) -> None:
        """Have all open documents judged anew: files on disk or settings changed."""
        self.documents.revision += 1
        for document in self.documents:
            self._analyse(document, DELAY)

    def files_changed(self, changed: Iterable[str], others: Iterable[str]) -> None:
        """Have those documents judged anew that read files which changed on disk.

        `others` came or went: any document may see them.
        """
        paths = set(changed)
        if any(True for _ in others) or any(PurePath(path).name in NAMES for path in paths):
            self.all_changed()
            return
        self.documents.revision += 1
        for document in self.documents:
            if any(self._read_by(document, path) for path in paths):
                self._analyse(document, DELAY)

    def closed(self, uri: str) -> None:
        """Forget a document; what was found for it is taken back."""
        path = self.documents.close(uri)
        self.desk.drop(path)
        self._judged.pop(path, None)
        self._pages.pop(path, None)
        self._publish(path, {}, {})

    def ask(self, path: str, work: Callable[[Page], T]) -> Future[T | None]:
        """Have something answered of an open document; None when it is not open."""

        def answered() -> T | None:
            page = self.page(path)
            return work(page) if page is not None else None

        return self.desk.ask(answered)

    # --- at the desk

    def page(self, path: str) -> Page | None:
        """A document as it is now; None when it is not open or no policy.

        Raises `Error` for wrong settings.
        """
        document = self.documents.get(path)
        if document is None or not is_policy(document, self.settings):
            return None
        revision = self.documents.revision
        known = self._pages.get(path)
        if known is None or known[0] != revision:
            with gc_paused():
                known = revision, self._page(document)
            self._pages[path] = known
        return known[1]

    def _page(self, document: Document) -> Page:
        files = self.documents.files(_LARGEST)
        ground = self.judge.ground(document, self.settings, files)
        versions = self.documents.versions()
        files = self.documents.files(ground.lint.max_source)
        snapshot = _snapshot(ground, files, document.path)
        places = Places(self.documents.uri)
        return Page(document, self.settings, ground, files, versions, snapshot, places)

    def findings(self, page: Page) -> tuple[Diagnostic, ...]:
        """What was found in a document; nothing if it changed since."""
        known = self._judged.get(page.document.path)
        if known is None or known[0] != page.document.version:
            return ()
        return known[1].findings

    def _analyse(self, document: Document, delay: float) -> None:
        self.desk.analyse(document.path, lambda pause: self.judge_now(document.path, pause), delay)

    def judge_now(self, path: str, pause: Pause = lambda: None) -> None:
        """Judge an open document, and publish what is found."""
        try:
            page = self.page(path)
            if page is None:
                return
            judgement = self.judge.judge(page.document, page.ground, page.files, page.scope, pause)
        except (Error, OSError) as fault:
            self._tell(fault_text(fault))
            return
        self._judged[path] = page.document.version, judgement
        for one in judgement.faults:
            self._tell(one.message)
        found: dict[str, list[Diagnostic]] = {path: []}
        for one in judgement.findings:
            found.setdefault(one.file or path, []).append(one)
        self._publish(path, page.versions, found)
        if page.editing.warm is not None:
            page.editing.warm(page.snapshot, page.files, pause)

    def _read_by(self, document: Document, path: str) -> bool:
        """Whether a document may have been judged by what a file holds."""
        known = self._judged.get(document.path)
        return known is None or path in known[1].read


def _snapshot(ground: Ground, files: DiskFiles, path: str) -> Any:
    if ground.editing.snapshot is None:
        return None
    try:
        return ground.editing.snapshot(ground.reread, files, path)
    except OSError:
        return None


def fault_text(fault: BaseException) -> str:
    """A fault in one line: those that are told by themselves, and those of lsmc with their kind."""
    return str(fault) if isinstance(fault, Error) else f"{type(fault).__name__}: {fault}"
