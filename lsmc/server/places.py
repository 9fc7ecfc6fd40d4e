"""Places in sources as the protocol has them."""

from __future__ import annotations

from collections.abc import Callable

from lsprotocol import types

from lsmc.base.source import Source, Span
from lsmc.server import positions
from lsmc.server.positions import Text


class Places:
    """The places of some sources; `uri` gives the address of a file.  Lines are counted once."""

    def __init__(self, uri: Callable[[str], str]) -> None:
        self.uri = uri
        self._texts: dict[Source, Text] = {}

    def text(self, source: Source) -> Text:
        """A source with its positions."""
        if source not in self._texts:
            self._texts[source] = Text.of(source)
        return self._texts[source]

    def range(self, span: Span) -> types.Range:
        """What a span covers."""
        return as_range(self.text(span.source).range(span.start, span.end))

    def location(self, span: Span) -> types.Location:
        """The file of a span, and what it covers there."""
        return types.Location(self.uri(span.source.path), self.range(span))


def as_range(found: positions.Range) -> types.Range:
    """A range as the protocol has it."""
    return types.Range(types.Position(*found.start), types.Position(*found.end))
