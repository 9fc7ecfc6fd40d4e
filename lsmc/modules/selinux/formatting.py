"""The formatter of CIL: new layout, the same statements and comments."""

from __future__ import annotations

from typing import Any

from lsmc.base.source import Source, Span
from lsmc.compiler.inputs import DiskFiles, Options, restricted
from lsmc.modules.formatter import Formatted
from lsmc.modules.selinux.errors import error
from lsmc.modules.selinux.settings import MAX_SOURCE
from lsmc.modules.selinux.syntax.layout import layout
from lsmc.modules.selinux.syntax.reader import TOKEN, Reader
from lsmc.modules.selinux.syntax.tree import Body


class CilFormatter:
    """The formatter of SELinux; it is a `Formatter`."""

    whole: frozenset[str] = frozenset()
    other: frozenset[str] = frozenset()

    def __init__(self, options: Options) -> None:
        self._files = restricted(DiskFiles(MAX_SOURCE), options.restrict)

    def read(self, path: str) -> bytes:
        """The content of a file; OSError."""
        return self._files.read(path)

    def format(self, path: str, data: bytes) -> Formatted:
        """The new text of a file."""
        source = Source.from_bytes(path, data)
        if not path.endswith(".cil") and "\0" in source.text:
            where = Span(Source(path, ""), 0, 0)
            return Formatted(None, [error("module-package", where, "this is no text")])
        reader = Reader()
        body = reader.read(source, 0)
        if reader.errors:
            return Formatted(None, reader.errors)
        text = layout(source.text)
        again = Reader().read(Source(path, text), 0)
        if _outline(again) != _outline(body) or _comments(text) != _comments(source.text):
            return Formatted(None, refused="its statements or comments would change")
        return Formatted(text.encode("latin-1"))


def _outline(body: Body) -> list[Any]:
    """Everything in a body but its places."""
    inner = [(one.head, _outline(one.body)) for one in body.containers]
    return [body.rules, body.statements, inner]


def _comments(text: str) -> list[str]:
    return [word.rstrip() for word in TOKEN.findall(text) if word[0] == ";"]
