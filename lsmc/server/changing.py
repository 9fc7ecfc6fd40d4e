"""What changes a document: fixes, comments that silence findings, layout, other names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from lsmc.base.diagnostics import Diagnostic, Fix
from lsmc.lint.suppressing import silencing
from lsmc.server import messages
from lsmc.server.layout import Replacement, laid_out, laid_out_between, replacements
from lsmc.server.places import Places, as_range
from lsmc.server.session import Page

if TYPE_CHECKING:
    from lsmc.server.serve import PolicyServer

FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.lsmc"


def register(server: PolicyServer) -> None:
    """Have the server offer changes."""
    session = server.session

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions([types.CodeActionKind.QuickFix, FIX_ALL], resolve_provider=False),
    )
    async def code_action(params: types.CodeActionParams) -> list[types.CodeAction] | None:
        def answer(page: Page) -> list[types.CodeAction]:
            wanted = [str(getattr(kind, "value", kind)) for kind in params.context.only or ()]
            found: list[types.CodeAction] = []
            if not wanted or types.CodeActionKind.QuickFix.value in wanted:
                found += _quick_fixes(page, params.range, session.findings(page))
            if any(FIX_ALL.startswith(kind) for kind in wanted):
                found += _fix_all(page, server)
            return found

        return await server.answered(params.text_document.uri, answer)

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    async def formatting(params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
        def answer(page: Page) -> list[types.TextEdit] | None:
            make = page.ground.module.formatter
            if make is None:
                return None
            document = page.document
            changes = laid_out(make(page.ground.options), document.path, document.text.data)
            return _text_edits(page, changes)

        return await server.answered(params.text_document.uri, answer)

    @server.feature(types.TEXT_DOCUMENT_RANGE_FORMATTING)
    async def range_formatting(
        params: types.DocumentRangeFormattingParams,
    ) -> list[types.TextEdit] | None:
        def answer(page: Page) -> list[types.TextEdit] | None:
            make = page.ground.module.formatter
            if make is None:
                return None
            document, where = page.document, params.range
            start = page.offset(where.start.line, where.start.character)
            end = page.offset(where.end.line, where.end.character)
            formatter = make(page.ground.options)
            changes = laid_out_between(formatter, document.path, document.text.data, start, end)
            return _text_edits(page, changes)

        return await server.answered(params.text_document.uri, answer)

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    async def prepare_rename(params: types.PrepareRenameParams) -> types.Range | None:
        def answer(page: Page) -> types.Range | None:
            find = page.editing.occurrences
            if find is None or page.editing.renamed is None or page.snapshot is None:
                return None
            offset = page.offset(params.position.line, params.position.character)
            here = (one.span for one in find(page.snapshot, offset))
            path = page.document.path
            at = [s for s in here if s.source.path == path and s.start <= offset <= s.end]
            return page.places.range(at[0]) if at else None

        return await server.answered(params.text_document.uri, answer)

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    async def rename(params: types.RenameParams) -> types.WorkspaceEdit | None:
        def answer(page: Page) -> types.WorkspaceEdit | None:
            if page.editing.renamed is None or page.snapshot is None:
                return None
            offset = page.offset(params.position.line, params.position.character)
            edits = page.editing.renamed(page.snapshot, offset, params.new_name)
            return messages.workspace_edit(edits, page.places)

        return await server.answered(params.text_document.uri, answer, tell=True)


def _text_edits(page: Page, changes: Iterable[Replacement]) -> list[types.TextEdit]:
    text = page.document.text
    return [
        types.TextEdit(
            as_range(text.range(one.start, one.end)),
            one.text.decode("utf-8", "surrogateescape"),
        )
        for one in changes
    ]


def _quick_fixes(
    page: Page, where: types.Range, findings: Sequence[Diagnostic]
) -> list[types.CodeAction]:
    """The fixes of the findings in a range, and the comments that silence them."""
    start = page.offset(where.start.line, where.start.character)
    end = page.offset(where.end.line, where.end.character)
    found: list[types.CodeAction] = []
    silent: list[types.CodeAction] = []
    for one in findings:
        span = one.span
        if span is None or one.file != page.document.path or span.start > end or span.end < start:
            continue
        shown = messages.diagnostics([one], page.places)
        if one.fix is not None:
            found.append(_action(one.fix, shown, page.places))
        silence = silencing(one, page.editing.comment, behind=page.editing.comments_behind)
        if silence is not None:
            silent.append(_action(silence, shown, page.places))
    return [*found, *silent]


def _action(fix: Fix, shown: list[types.Diagnostic], places: Places) -> types.CodeAction:
    return types.CodeAction(
        title=fix.title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=shown,
        is_preferred=fix.safe or None,
        edit=messages.workspace_edit(fix.edits, places),
    )


def _fix_all(page: Page, server: PolicyServer) -> list[types.CodeAction]:
    """All safe fixes of a document, if there are any."""
    path = page.document.path
    if not any(one.fix is not None and one.fix.safe for one in server.session.findings(page)):
        return []
    fixed = server.session.judge.fixed(page.document, page.ground, page.files, page.scope)
    new = fixed.texts.get(path)
    if new is None:
        return []
    changes = replacements(page.document.text.data, new.encode("latin-1"))
    edit = types.WorkspaceEdit({page.document.uri: _text_edits(page, changes)})
    return [types.CodeAction(title="make all safe fixes", kind=FIX_ALL, edit=edit)]
