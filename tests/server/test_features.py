"""What an editor asks, through the protocol: one conversation a topic."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.server.client import Client, at
from tests.server.test_server import PROFILE, place, talk, tree

__all__ = ["tree"]

BAD = """include <tunables/global>
profile a /bin/a {
  include <abstractions/b>
    /etc/x r,
  /etc/x r,
  owner @{HOME}/y rw,
}
"""


def document(uri: str) -> types.TextDocumentIdentifier:
    return types.TextDocumentIdentifier(uri)


def applied(text: str, edits: list[types.TextEdit]) -> str:
    """A text of ASCII after edits."""
    lines = text.splitlines(keepends=True)

    def offset(position: types.Position) -> int:
        return sum(map(len, lines[: position.line])) + position.character

    for one in sorted(edits, key=lambda edit: -offset(edit.range.start)):
        text = text[: offset(one.range.start)] + one.new_text + text[offset(one.range.end) :]
    return text


def test_questions_about_places(tree: Path) -> None:
    async def speak(client: Client) -> None:
        uri = client.open(tree / "a")
        hover = await client.text_document_hover_async(types.HoverParams(**place(uri, 4, 5)))
        assert hover is not None
        assert isinstance(hover.contents, types.MarkupContent)
        assert "`/home/*`" in hover.contents.value
        assert hover.range == at(4, 4, 8)
        found = await client.text_document_definition_async(
            types.DefinitionParams(**place(uri, 2, 14))
        )
        assert isinstance(found, list)
        assert [one.uri for one in found] == [(tree / "abstractions" / "b").as_uri()]
        params = types.ReferenceParams(types.ReferenceContext(True), **place(uri, 4, 5))
        references = await client.text_document_references_async(params)
        assert [Path(one.uri).name for one in references or ()] == ["a", "global"]
        marks = await client.text_document_document_highlight_async(
            types.DocumentHighlightParams(**place(uri, 4, 5))
        )
        assert [one.range for one in marks or ()] == [at(4, 4, 8)]
        listed = await client.text_document_completion_async(
            types.CompletionParams(**place(uri, 4, 4))
        )
        assert isinstance(listed, types.CompletionList)
        (home,) = [one for one in listed.items if one.label == "HOME"]
        assert home.text_edit == types.TextEdit(at(4, 4, 4), "HOME}")
        assert not client.logged

    talk(tree, speak)


def test_questions_about_a_file(tree: Path) -> None:
    (tree / "a.test.toml").write_text(
        'policy = "a"\nbase = "."\n[[case]]\nname = "x"\nsubject = "a"\nop = "read"\n'
        'object = "/etc/x"\nexpect = "allow"\n'
    )

    async def speak(client: Client) -> None:
        uri = client.open(tree / "a")
        one = document(uri)
        (_, profile) = (
            await client.text_document_document_symbol_async(types.DocumentSymbolParams(one)) or ()
        )
        assert isinstance(profile, types.DocumentSymbol)
        assert (profile.name, len(profile.children or ())) == ("a", 3)
        links = await client.text_document_document_link_async(types.DocumentLinkParams(one))
        assert [link.range for link in links or ()] == [at(0, 9, 24), at(2, 11, 25)]
        folds = await client.text_document_folding_range_async(types.FoldingRangeParams(one))
        assert [(fold.start_line, fold.end_line) for fold in folds or ()] == [(1, 5)]
        around = await client.text_document_selection_range_async(
            types.SelectionRangeParams(one, [types.Position(3, 4)])
        )
        assert around is not None
        assert around[0].range == at(3, 2, 11)
        assert around[0].parent is not None
        hints = await client.text_document_inlay_hint_async(
            types.InlayHintParams(one, types.Range(types.Position(0, 0), types.Position(9, 0)))
        )
        assert [(hint.label, hint.position) for hint in hints or ()] == [
            ("= 2 values", types.Position(4, 9))
        ]
        whole = types.SemanticTokensParams(one)
        tokens = await client.text_document_semantic_tokens_full_async(whole)
        assert tokens is not None
        assert list(tokens.data[:5]) == [0, 0, 7, 1, 0]
        (lens,) = await client.text_document_code_lens_async(types.CodeLensParams(one)) or ()
        assert lens.command is not None
        assert lens.command.title == "run a.test.toml"
        await client.workspace_execute_command_async(
            types.ExecuteCommandParams(lens.command.command, lens.command.arguments)
        )
        assert "1 case holds" in client.shown[-1]
        found = await client.workspace_symbol_async(types.WorkspaceSymbolParams("home"))
        assert [symbol.name for symbol in found or ()] == ["HOME"]
        (item,) = (
            await client.text_document_prepare_call_hierarchy_async(
                types.CallHierarchyPrepareParams(**place(uri, 1, 8))
            )
            or ()
        )
        calls = types.CallHierarchyOutgoingCallsParams(item)
        assert not await client.call_hierarchy_outgoing_calls_async(calls)
        assert not client.logged

    talk(tree, speak)


def test_calls_lead_both_ways(tree: Path) -> None:
    (tree / "c").write_text("profile c /usr/bin/c {\n  /usr/bin/d Px -> d,\n}\nprofile d {\n}\n")

    async def speak(client: Client) -> None:
        uri = client.open(tree / "c")
        for line, name, other in ((0, "c", "d"), (3, "d", "c")):
            prepare = types.CallHierarchyPrepareParams(**place(uri, line, 8))
            (item,) = await client.text_document_prepare_call_hierarchy_async(prepare) or ()
            assert item.name == name
            outgoing = types.CallHierarchyOutgoingCallsParams(item)
            incoming = types.CallHierarchyIncomingCallsParams(item)
            to = await client.call_hierarchy_outgoing_calls_async(outgoing) or ()
            come = await client.call_hierarchy_incoming_calls_async(incoming) or ()
            found = [(one.to, one.from_ranges) for one in to]
            found += [(one.from_, one.from_ranges) for one in come]
            ((end, (where,)),) = found
            assert (end.name, where.start.line) == (other, 1)
        assert not client.logged

    talk(tree, speak)


def test_other_names(tree: Path) -> None:
    async def speak(client: Client) -> None:
        uri = client.open(tree / "a")
        prepared = await client.text_document_prepare_rename_async(
            types.PrepareRenameParams(**place(uri, 4, 5))
        )
        assert prepared == at(4, 4, 8)
        edit = await client.text_document_rename_async(
            types.RenameParams(new_name="HOUSE", **place(uri, 4, 5))
        )
        assert edit is not None
        assert edit.changes is not None
        assert sorted(Path(one).name for one in edit.changes) == ["a", "global"]
        with pytest.raises(JsonRpcException, match="is no name of a variable"):
            await client.text_document_rename_async(
                types.RenameParams(new_name="9", **place(uri, 4, 5))
            )

    talk(tree, speak)


async def actions(
    client: Client, uri: str, where: types.Range, *only: str
) -> list[types.CodeAction]:
    context = types.CodeActionContext([], only=list(only) or None)
    found = await client.text_document_code_action_async(
        types.CodeActionParams(document(uri), where, context)
    )
    return [one for one in found or () if isinstance(one, types.CodeAction)]


def test_fixes_and_comments_that_silence(tree: Path) -> None:
    async def speak(client: Client) -> None:
        uri = client.open(tree / "a", BAD)
        found = await client.diagnostics(uri)
        assert "LSM110" in {one.code for one in found} or found
        everywhere = types.Range(types.Position(0, 0), types.Position(9, 0))
        offered = await actions(client, uri, everywhere)
        preferred = [one for one in offered if one.is_preferred]
        assert preferred
        assert all(one.edit is not None and one.diagnostics for one in offered)
        silence = next(one for one in offered if one.title.startswith("silence"))
        assert silence.edit is not None
        assert silence.edit.changes is not None
        code = silence.title.split()[1]
        text = applied(BAD, list(silence.edit.changes[uri]))
        assert f"  # lsmc: ignore[{code}]\n" in text
        client.change(uri, text)
        left = await client.diagnostics(uri)
        assert len([one for one in left if one.code == code]) < len(
            [one for one in found if one.code == code]
        )
        client.change(uri, BAD)
        await client.diagnostics(uri)
        (whole,) = await actions(client, uri, everywhere, "source.fixAll")
        assert whole.kind == "source.fixAll.lsmc"
        assert whole.edit is not None
        assert whole.edit.changes is not None
        fixed = applied(BAD, list(whole.edit.changes[uri]))
        assert fixed.count("/etc/x r,") == 1
        client.change(uri, fixed)
        await client.diagnostics(uri)
        assert not [one for one in await actions(client, uri, everywhere) if one.is_preferred]

    talk(tree, speak)


def test_layout_of_all_and_of_some_lines(tree: Path) -> None:
    text = PROFILE.replace("  /etc/x", "      /etc/x").replace("  @{HOME}", "\t@{HOME}")

    async def speak(client: Client) -> None:
        uri = client.open(tree / "a", text)
        options = types.FormattingOptions(2, True)
        edits = await client.text_document_formatting_async(
            types.DocumentFormattingParams(document(uri), options)
        )
        assert applied(text, list(edits or ())) == PROFILE
        some = await client.text_document_range_formatting_async(
            types.DocumentRangeFormattingParams(document(uri), at(3, 0, 5), options)
        )
        assert applied(text, list(some or ())) == text.replace("      /etc/x", "  /etc/x")

    talk(tree, speak)
