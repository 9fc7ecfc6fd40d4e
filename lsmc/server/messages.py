"""From findings and places to what the protocol sends."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lsprotocol import types

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source, Span
from lsmc.server import positions
from lsmc.server.positions import Text

SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "info": types.DiagnosticSeverity.Information,
}
#: Names of checks whose findings are of text that could go.
_UNNECESSARY = ("unreachable-rule", "redundant-rule", "duplicate-rule", "unused-variable")
_DEPRECATED = ("deprecated-syntax", "deprecated-abstraction")
ORIGIN = "lsmc"


class Places:
    """The places of some sources; the positions of a source are worked out once."""

    def __init__(self, uri: Callable[[str], str]) -> None:
        self._uri = uri
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
        return types.Location(self._uri(span.source.path), self.range(span))


def as_range(found: positions.Range) -> types.Range:
    """A range as the protocol has it."""
    return types.Range(types.Position(*found.start), types.Position(*found.end))


def diagnostics(found: Iterable[Diagnostic], places: Places) -> list[types.Diagnostic]:
    """Findings as the protocol has them; those without a place stand at the beginning."""
    return [_diagnostic(one, places) for one in found]


def _diagnostic(one: Diagnostic, places: Places) -> types.Diagnostic:
    start = types.Position(0, 0)
    tags = []
    if one.name in _UNNECESSARY:
        tags.append(types.DiagnosticTag.Unnecessary)
    if one.name in _DEPRECATED:
        tags.append(types.DiagnosticTag.Deprecated)
    return types.Diagnostic(
        range=places.range(one.span) if one.span is not None else types.Range(start, start),
        message=f"{one.message}\n{one.help}" if one.help else one.message,
        severity=SEVERITIES[one.severity],
        code=one.code,
        source=ORIGIN,
        tags=tags or None,
        related_information=[
            types.DiagnosticRelatedInformation(places.location(label.span), label.message)
            for label in one.related
        ]
        or None,
    )
