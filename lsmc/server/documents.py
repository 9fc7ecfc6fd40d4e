"""The documents that are open in the editor: their texts stand for the files on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from lsmc.base.text import encode
from lsmc.compiler.inputs import DiskFiles, OverlaidFiles
from lsmc.server.positions import Range, Text

#: Nothing can lie there.
_NOWHERE = "/dev/null/document"


@dataclass(frozen=True, slots=True)
class Document:
    """A document at one moment; `language` is what the editor calls its language."""

    uri: str
    language: str
    version: int
    text: Text

    @property
    def path(self) -> str:
        """The path of its file; of a document without a file, a name that no file has."""
        return path_of(self.uri)


class ReadFiles(DiskFiles):
    """The file system; a file is read again only when it changed.

    `known` are contents of files by path, each with the marks of the file that had it.
    """

    def __init__(self, known: dict[str, tuple[object, bytes]], limit: int) -> None:
        super().__init__(limit)
        self._known = known

    def read(self, path: str) -> bytes:
        """The content of a regular file; OSError otherwise."""
        stat = Path(path).stat()
        marks = stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, self.limit
        known = self._known.get(path)
        if known is None or known[0] != marks:
            known = self._known[path] = marks, super().read(path)
        return known[1]


class Documents:
    """The open documents by path."""

    def __init__(self) -> None:
        self._open: dict[str, Document] = {}
        self._known: dict[str, tuple[object, bytes]] = {}
        #: Grows whenever anything may read otherwise than before.
        self.revision = 0

    def __iter__(self) -> Iterator[Document]:
        return iter(tuple(self._open.values()))

    def get(self, path: str) -> Document | None:
        """The open document of a path."""
        return self._open.get(path)

    def open(self, uri: str, language: str, version: int, text: str) -> Document:
        """Take a document; its text stands for that of the file."""
        return self._keep(Document(uri, language, version, Text(_bytes(text))))

    def change(
        self, uri: str, version: int, changes: Iterable[tuple[Range | None, str]]
    ) -> Document | None:
        """Take changes, each of a range or of all; None for a document that is not open."""
        known = self._open.get(path_of(uri))
        if known is None:
            return None
        text = known.text
        for where, new in changes:
            text = Text(_bytes(new)) if where is None else text.edited(where, _bytes(new))
        return self._keep(Document(known.uri, known.language, version, text))

    def close(self, uri: str) -> str:
        """Forget a document: the file on disk counts again.  Returns its path."""
        path = path_of(uri)
        self._open.pop(path, None)
        self.revision += 1
        return path

    def files(self, limit: int) -> OverlaidFiles:
        """The file system with the open documents as they are now; no file is larger than so."""
        return OverlaidFiles(
            {one.path: one.text.data for one in self}, ReadFiles(self._known, limit)
        )

    def versions(self) -> dict[str, int]:
        """The versions of the open documents by path."""
        return {one.path: one.version for one in self}

    def uri(self, path: str) -> str:
        """The address of a file, as the editor gave it for an open one."""
        known = self._open.get(path)
        return known.uri if known is not None else uri_of(path)

    def _keep(self, document: Document) -> Document:
        self._open[document.path] = document
        self.revision += 1
        return document


def path_of(uri: str) -> str:
    """The path that an address names; of no file, a path that no file has: it is in no tree."""
    try:
        parts = urlsplit(uri)
    except ValueError:  # no address at all
        return f"{_NOWHERE}/{quote(uri, safe='')}"
    path = unquote(parts.path, errors="surrogateescape")
    if parts.scheme == "file" and path.startswith("/") and "\0" not in path:
        return path
    return f"{_NOWHERE}/{quote(uri, safe='')}"


def uri_of(path: str) -> str:
    """The address of a file."""
    return f"file://{quote(encode(path))}"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
