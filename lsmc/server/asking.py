"""What an editor asks of a place, a file or all files: from its words to what answers, and back.

Each question names the part of `Editing` that answers it; where a module lacks it, the answer is
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from lsmc.modules.editing import Call
from lsmc.server import messages
from lsmc.server.session import Page

if TYPE_CHECKING:
    from lsmc.server.serve import PolicyServer

#: Characters behind which an editor asks what may stand there.
TRIGGERS = ["@", "{", "<", "/", "(", "=", ",", " ", ">", '"']


def register(server: PolicyServer) -> None:
    """Have the server answer questions."""

    def question(
        method: str,
        part: str,
        answer: Callable[[Any, Page, Any], Any],
        options: Any = None,
        address: Callable[[Any], str] = lambda params: str(params.text_document.uri),
    ) -> None:
        async def answered(params: Any) -> Any:
            def work(page: Page) -> Any:
                find = getattr(page.editing, part)
                if find is None or page.snapshot is None:
                    return None
                return answer(find, page, params)

            return await server.answered(address(params), work)

        server.feature(method, options)(answered)

    question(types.TEXT_DOCUMENT_HOVER, "hover", _hover)
    triggers = types.CompletionOptions(trigger_characters=TRIGGERS)
    question(types.TEXT_DOCUMENT_COMPLETION, "complete", _completion, triggers)
    question(types.TEXT_DOCUMENT_DEFINITION, "definitions", _definition)
    question(types.TEXT_DOCUMENT_REFERENCES, "occurrences", _references)
    question(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, "occurrences", _highlights)
    question(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, "symbols", _symbols)
    question(types.TEXT_DOCUMENT_FOLDING_RANGE, "symbols", _folds)
    question(types.TEXT_DOCUMENT_SELECTION_RANGE, "symbols", _selections)
    question(types.TEXT_DOCUMENT_DOCUMENT_LINK, "links", _links)
    question(types.TEXT_DOCUMENT_INLAY_HINT, "hints", _hints)
    question(types.TEXT_DOCUMENT_CODE_LENS, "lenses", _lenses)
    legend = types.SemanticTokensLegend(messages.TOKEN_TYPES, messages.TOKEN_MODIFIERS)
    question(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, "tokens", _tokens, legend)
    question(types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY, "callees", _callees)
    question(types.CALL_HIERARCHY_INCOMING_CALLS, "incoming", _incoming, address=_asked_from)
    question(types.CALL_HIERARCHY_OUTGOING_CALLS, "outgoing", _outgoing, address=_asked_from)

    @server.feature(types.WORKSPACE_SYMBOL)
    async def workspace_symbol(
        params: types.WorkspaceSymbolParams,
    ) -> list[types.WorkspaceSymbol]:
        def work(page: Page) -> list[types.WorkspaceSymbol]:
            if page.editing.workspace is None or page.snapshot is None:
                return []
            found = page.editing.workspace(page.snapshot, params.query)
            return [messages.workspace_symbol(one, page.places) for one in found]

        all_found: dict[str, types.WorkspaceSymbol] = {}
        for document in server.session.documents:
            for one in await server.answered(document.uri, work) or ():
                all_found.setdefault(repr((one.name, one.location)), one)
        return list(all_found.values())


def _offset(page: Page, params: Any) -> int:
    return page.offset(params.position.line, params.position.character)


def _hover(find: Any, page: Page, params: types.HoverParams) -> types.Hover | None:
    found = find(page.snapshot, _offset(page, params))
    if found is None:
        return None
    text = types.MarkupContent(types.MarkupKind.Markdown, found.text)
    return types.Hover(text, page.places.range(found.span))


def _completion(find: Any, page: Page, params: types.CompletionParams) -> types.CompletionList:
    found = find(page.snapshot, _offset(page, params))
    items = [messages.completion(one, page.places) for one in found]
    return types.CompletionList(is_incomplete=False, items=items)


def _definition(find: Any, page: Page, params: types.DefinitionParams) -> list[types.Location]:
    return [page.places.location(span) for span in find(page.snapshot, _offset(page, params))]


def _references(find: Any, page: Page, params: types.ReferenceParams) -> list[types.Location]:
    found = find(page.snapshot, _offset(page, params))
    every = params.context.include_declaration
    return [page.places.location(one.span) for one in found if every or not one.defines]


def _highlights(
    find: Any, page: Page, params: types.DocumentHighlightParams
) -> list[types.DocumentHighlight]:
    kinds = types.DocumentHighlightKind
    return [
        types.DocumentHighlight(
            page.places.range(one.span), kinds.Write if one.defines else kinds.Read
        )
        for one in find(page.snapshot, _offset(page, params))
        if one.span.source.path == page.document.path
    ]


def _symbols(find: Any, page: Page, _: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    return [messages.symbol(one, page.places) for one in find(page.snapshot)]


def _folds(find: Any, page: Page, _: types.FoldingRangeParams) -> list[types.FoldingRange]:
    return list(messages.folds(find(page.snapshot), page.places))


def _selections(
    find: Any, page: Page, params: types.SelectionRangeParams
) -> list[types.SelectionRange]:
    parts = find(page.snapshot)
    return [
        messages.selection(parts, page.offset(one.line, one.character), one, page.places)
        for one in params.positions
    ]


def _links(find: Any, page: Page, _: types.DocumentLinkParams) -> list[types.DocumentLink]:
    return [
        types.DocumentLink(page.places.range(one.span), page.places.uri(one.path))
        for one in find(page.snapshot)
    ]


def _hints(find: Any, page: Page, params: types.InlayHintParams) -> list[types.InlayHint]:
    where = params.range
    start = page.offset(where.start.line, where.start.character)
    end = page.offset(where.end.line, where.end.character)
    return [messages.hint(one, page.places) for one in find(page.snapshot, start, end)]


def _lenses(find: Any, page: Page, _: types.CodeLensParams) -> list[types.CodeLens]:
    show = page.settings.show_references
    return [messages.lens(one, page.places, show) for one in find(page.snapshot)]


def _tokens(find: Any, page: Page, _: types.SemanticTokensParams) -> types.SemanticTokens:
    return types.SemanticTokens(messages.token_data(find(page.snapshot), page.document.text))


def _callees(
    find: Any, page: Page, params: types.CallHierarchyPrepareParams
) -> list[types.CallHierarchyItem]:
    found = find(page.snapshot, _offset(page, params))
    return [messages.call_item(one, page.document.uri, page.places) for one in found]


def _asked_from(params: Any) -> str:
    """The document from which a call hierarchy was asked."""
    return str(params.item.data["from"])


def _incoming(
    find: Any, page: Page, params: types.CallHierarchyIncomingCallsParams
) -> list[types.CallHierarchyIncomingCall]:
    return [types.CallHierarchyIncomingCall(*one) for one in _calls(find, page, params.item)]


def _outgoing(
    find: Any, page: Page, params: types.CallHierarchyOutgoingCallsParams
) -> list[types.CallHierarchyOutgoingCall]:
    return [types.CallHierarchyOutgoingCall(*one) for one in _calls(find, page, params.item)]


def _calls(
    find: Any, page: Page, item: types.CallHierarchyItem
) -> Iterator[tuple[types.CallHierarchyItem, list[types.Range]]]:
    """The other end of each call of an item, and where the call is written."""
    found: Iterable[Call] = find(page.snapshot, item.name)
    for call in found:
        other = messages.call_item(call.symbol, page.document.uri, page.places)
        yield other, [page.places.range(span) for span in call.spans]
