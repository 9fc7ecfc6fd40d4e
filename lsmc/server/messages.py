"""From findings and places to what the protocol sends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import get_args

from lsprotocol import types

from lsmc.base.diagnostics import Diagnostic, Edit
from lsmc.base.source import to_path
from lsmc.modules.editing import (
    Completion,
    CompletionKind,
    Hint,
    Lens,
    Symbol,
    SymbolKind,
    Token,
    TokenKind,
)
from lsmc.server.places import Places
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


def workspace_edit(edits: Iterable[Edit], places: Places) -> types.WorkspaceEdit:
    """Edits as the protocol has them, by file."""
    changes: dict[str, list[types.TextEdit]] = {}
    for one in edits:
        location = places.location(one.span)
        changes.setdefault(location.uri, []).append(
            types.TextEdit(location.range, to_path(one.text))
        )
    return types.WorkspaceEdit(changes)


_COMPLETIONS: dict[CompletionKind, types.CompletionItemKind] = {
    "keyword": types.CompletionItemKind.Keyword,
    "variable": types.CompletionItemKind.Variable,
    "file": types.CompletionItemKind.File,
    "folder": types.CompletionItemKind.Folder,
    "value": types.CompletionItemKind.EnumMember,
    "permission": types.CompletionItemKind.Operator,
    "profile": types.CompletionItemKind.Class,
    "flag": types.CompletionItemKind.Property,
}
_SYMBOLS: dict[SymbolKind, types.SymbolKind] = {
    "profile": types.SymbolKind.Class,
    "hat": types.SymbolKind.Method,
    "variable": types.SymbolKind.Variable,
    "boolean": types.SymbolKind.Boolean,
    "block": types.SymbolKind.Namespace,
    "type": types.SymbolKind.TypeParameter,
    "entry": types.SymbolKind.Property,
    "file": types.SymbolKind.File,
}
TOKEN_TYPES = list(get_args(TokenKind))
TOKEN_MODIFIERS = ["definition"]
#: The server's command that runs the tests in a file.
RUN_TESTS = "lsmc.test"


def completion(one: Completion, places: Places) -> types.CompletionItem:
    """A text that may be put in."""
    text = types.MarkupContent(types.MarkupKind.Markdown, one.documentation)
    return types.CompletionItem(
        label=one.label,
        kind=_COMPLETIONS[one.kind],
        detail=one.detail or None,
        documentation=text if one.documentation else None,
        text_edit=types.TextEdit(places.range(one.span), one.insert or one.label),
        insert_text_format=types.InsertTextFormat.Snippet if one.snippet else None,
    )


def symbol(one: Symbol, places: Places) -> types.DocumentSymbol:
    """A named part of a file, with those in it."""
    return types.DocumentSymbol(
        name=one.name,
        kind=_SYMBOLS[one.kind],
        range=places.range(one.span),
        selection_range=places.range(one.name_span),
        detail=one.detail or None,
        children=[symbol(inner, places) for inner in one.children],
    )


def workspace_symbol(one: Symbol, places: Places) -> types.WorkspaceSymbol:
    """A named part of any file."""
    return types.WorkspaceSymbol(
        places.location(one.name_span), one.name, _SYMBOLS[one.kind], container_name=one.detail
    )


def folds(parts: Sequence[Symbol], places: Places) -> Iterator[types.FoldingRange]:
    """The parts of a file that have several lines."""
    for one in parts:
        found = places.range(one.span)
        if found.end.line > found.start.line and one.kind != "file":
            yield types.FoldingRange(found.start.line, found.end.line)
        yield from folds(one.children, places)


def selection(
    parts: Sequence[Symbol], offset: int, position: types.Position, places: Places
) -> types.SelectionRange:
    """The parts of a file around an offset, from the innermost outward."""
    found: types.SelectionRange | None = None
    while True:
        inner = next((one for one in parts if one.span.start <= offset <= one.span.end), None)
        if inner is None:
            return found or types.SelectionRange(types.Range(position, position))
        found = types.SelectionRange(places.range(inner.span), found)
        parts = inner.children


def hint(one: Hint, places: Places) -> types.InlayHint:
    """A remark inside of a line."""
    end = places.range(one.span).end
    return types.InlayHint(end, one.text, tooltip=one.tooltip or None, padding_left=True)


def lens(one: Lens, places: Places, show: str | None) -> types.CodeLens:
    """A remark above a line, which runs tests or shows places when it is chosen.

    `show` is the editor's command for places; without it such a remark does nothing.
    """
    where = places.range(one.span)
    command = types.Command(one.title, "")
    if one.test:
        command = types.Command(one.title, RUN_TESTS, arguments=[one.test])
    elif one.places and show is not None:
        here = places.uri(one.span.source.path)
        found = [places.location(span) for span in one.places]
        command = types.Command(one.title, show, arguments=[here, where.start, found])
    return types.CodeLens(where, command)


def token_data(tokens: Iterable[Token], text: Text) -> list[int]:
    """Tokens as five numbers each: lines and units from the last one, length, kind, modifiers.

    A token of several lines is one a line.
    """
    found: list[int] = []
    line = character = 0
    for one in tokens:
        start = one.span.start
        while start < one.span.end:
            end = text.data.find(b"\n", start, one.span.end)
            end = one.span.end if end < 0 else end
            at, behind = text.position(start), text.position(end)
            if end > start and behind.line == at.line and behind > at:
                before = character if at.line == line else 0
                kind = TOKEN_TYPES.index(one.kind)
                length = behind.character - at.character
                found += (at.line - line, at.character - before, length, kind, int(one.defines))
                line, character = at
            start = end + 1
    return found


def call_item(one: Symbol, uri: str, places: Places) -> types.CallHierarchyItem:
    """A symbol of a call hierarchy that was asked from a document."""
    return types.CallHierarchyItem(
        name=one.name,
        kind=_SYMBOLS[one.kind],
        uri=places.uri(one.span.source.path),
        range=places.range(one.span),
        selection_range=places.range(one.name_span),
        detail=one.detail or None,
        data={"from": uri},
    )
