"""The server as an editor meets it: a process that speaks the protocol."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from tests.places import PROFILES
from tests.server.client import Client, at, connected

PROFILE = """include <tunables/global>
profile a /bin/a {
  include <abstractions/b>
  /etc/x r,
  @{HOME}/y rw,
}
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with a profile, an abstraction and a variable."""
    for folder in ("tunables", "abstractions"):
        (tmp_path / folder).mkdir()
    (tmp_path / "tunables" / "global").write_text("@{HOME} = /home/* /root\n")
    (tmp_path / "abstractions" / "b").write_text("# What b needs\n  /etc/b r,\n")
    (tmp_path / "a").write_text(PROFILE)
    return tmp_path


def talk(
    folder: Path, speak: Callable[[Client], Coroutine[Any, Any, None]], **settings: Any
) -> None:
    """Speak with a server that runs for it."""

    async def run() -> None:
        async with connected(folder, **settings) as client:
            await speak(client)

    asyncio.run(run())


def errors(found: list[types.Diagnostic]) -> list[types.Diagnostic]:
    return [one for one in found if one.severity == types.DiagnosticSeverity.Error]


def place(uri: str, line: int, character: int) -> dict[str, Any]:
    return {
        "text_document": types.TextDocumentIdentifier(uri),
        "position": types.Position(line, character),
    }


def test_an_edit_is_judged_before_it_is_saved(tree: Path) -> None:
    async def speak(client: Client) -> None:
        uri = client.open(tree / "a")
        assert not errors(await client.diagnostics(uri))
        client.change(uri, "", at(3, 10, 11))
        (error,) = errors(await client.diagnostics(uri))
        assert (error.code, error.range) == ("LSM001", at(3, 10, 10))
        client.change(uri, PROFILE.replace("HOME", "HOUSE"))
        (error,) = errors(await client.diagnostics(uri))
        assert (error.code, error.range) == ("LSM032", at(4, 2, 12))
        assert not client.logged

    talk(tree, speak)


def test_places_count_units_of_utf16_and_lines_of_both_kinds(tree: Path) -> None:
    async def speak(client: Client) -> None:
        text = "profile a {\r\n  /𝄞ä/@{X} r,\r\n}\r\n"
        uri = client.open((tree / "n").as_uri(), text)
        (error,) = errors(await client.diagnostics(uri))
        assert error.range == at(1, 2, 11)
        client.change(uri, "ü", at(1, 7, 11))
        assert not errors(await client.diagnostics(uri))
        client.change(uri, "@{Y}", at(1, 3, 5))
        (error,) = errors(await client.diagnostics(uri))
        assert error.range == at(1, 2, 10)

    talk(tree, speak)


def test_an_error_in_an_include_is_shown_there_and_goes_with_it(tree: Path) -> None:
    async def speak(client: Client) -> None:
        profile = client.open(tree / "a")
        assert not errors(await client.diagnostics(profile))
        other = client.open(tree / "abstractions" / "b", "  /etc/b r\n  /etc/c r,\n")
        (error,) = errors(await client.diagnostics(other))
        assert (error.code, error.range.start.line) == ("LSM001", 0)
        assert not errors(await client.diagnostics(profile))
        client.change(other, "  /etc/b r,\n")
        assert not await client.diagnostics(other)

    talk(tree, speak)


def test_an_include_that_is_not_open_is_told_of_while_a_profile_needs_it(tree: Path) -> None:
    path = tree / "abstractions" / "b"
    path.write_text("  /etc/b\n")

    async def speak(client: Client) -> None:
        uri = client.open(tree / "a")
        await client.diagnostics(uri)
        assert errors(await client.diagnostics(path.as_uri()))  # sent behind that of the profile
        client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
        )
        while client.published[path.as_uri()].diagnostics:
            client.changed.clear()
            await client.changed.wait()

    talk(tree, speak)


def test_a_file_that_changes_on_disk_counts_once_the_editor_says_so(tree: Path) -> None:
    async def speak(client: Client) -> None:
        uri = client.open(tree / "a")
        assert not errors(await client.diagnostics(uri))
        assert client.registered == [types.WORKSPACE_DID_CHANGE_WATCHED_FILES]
        path = tree / "tunables" / "global"
        path.write_text("")
        client.published.clear()
        event = types.FileEvent(path.as_uri(), types.FileChangeType.Changed)
        client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
        assert [one.code for one in errors(await client.diagnostics(uri))] == ["LSM032"]

    talk(tree, speak)


def test_configuration_and_settings_are_those_of_lint(tree: Path) -> None:
    (tree / "lsmc.toml").write_text('ignore = ["ALL"]\nextend-select = ["LSM101"]\n')
    text = "profile a {\n  /etc/x r,\n  deny /etc/x r,\n  /etc/y r,\n  /etc/y r,\n}\n"

    async def speak(client: Client) -> None:
        uri = client.open(tree / "a", text)
        assert {one.code for one in await client.diagnostics(uri)} == {"LSM101"}
        client.workspace_did_change_configuration(
            types.DidChangeConfigurationParams({"lsmc": {"ignore": ["LSM101"], "wrong": 1}})
        )
        client.change(uri, text + "\n")
        assert not await client.diagnostics(uri)
        assert any("no setting `wrong`" in line for line in client.logged)
        (tree / "lsmc.toml").write_text("bad = 1\n")
        client.change(uri, text)
        while not any("lsmc.toml" in line for line in client.logged):
            client.changed.clear()
            await client.changed.wait()

    talk(tree, speak)


def test_a_document_outside_of_any_tree_is_judged_alone(tmp_path: Path) -> None:
    async def speak(client: Client) -> None:
        uri = client.open("untitled:Untitled-1", "profile a {\n  /x r\n}\n", "apparmor")
        assert [one.code for one in errors(await client.diagnostics(uri))] == ["LSM001"]
        uri = client.open("untitled:Untitled-2", "(type a_t)\n(allow a_t b_t (file (read)))", "cil")
        assert errors(await client.diagnostics(uri))

    talk(tmp_path, speak)


def test_what_lies_beside_policy_is_none(tree: Path) -> None:
    async def speak(client: Client) -> None:
        tests = client.open((tree / "a.test.toml").as_uri(), 'policy = "a"\n', "toml")
        await client.diagnostics(client.open(tree / "a"))
        assert tests not in client.published
        hover = types.HoverParams(**place(tests, 0, 0))
        assert await client.text_document_hover_async(hover) is None

    talk(tree, speak)


@pytest.mark.parametrize(
    "text",
    [
        "\0",
        "\ud800",
        "profile a {" * 3000,
        "@{X} = @{X}\nprofile a { @{X} r, }",
        "include <../../../../etc/passwd>\n",
        'profile a { include "/dev/zero"\n include "/proc/self/mem"\n }',
        "profile a { /" + "{a,b}" * 4000 + " r, }",
        "x" * (5 << 20),
    ],
    ids=["NUL", "surrogate", "deep", "recursive", "outside", "devices", "large", "huge"],
)
def test_hostile_text_ends_nothing(tree: Path, text: str) -> None:
    async def speak(client: Client) -> None:
        uri = client.open(tree / "a", text)
        await client.diagnostics(uri)
        told = [one for some in client.published.values() for one in errors(list(some.diagnostics))]
        assert told or "{a,b}" in text
        await client.text_document_hover_async(types.HoverParams(**place(uri, 0, 3)))
        await client.text_document_completion_async(types.CompletionParams(**place(uri, 0, 3)))
        whole = types.SemanticTokensParams(types.TextDocumentIdentifier(uri))
        await client.text_document_semantic_tokens_full_async(whole)
        client.change(uri, PROFILE)
        assert not errors(await client.diagnostics(uri))

    talk(tree, speak)


def test_a_message_that_is_wrong_ends_nothing(tree: Path) -> None:
    async def speak(client: Client) -> None:
        uri = client.open(tree / "a")
        await client.diagnostics(uri)
        hover = types.HoverParams(**place("file:///nowhere", 0, 0))
        assert await client.text_document_hover_async(hover) is None
        body = json.dumps({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": 4})
        writer = client.protocol.writer
        assert writer is not None
        writer.write(f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        client.change(uri, "profile a {\n")
        assert errors(await client.diagnostics(uri))

    talk(tree, speak)


def test_the_samples_of_all_modules_are_judged() -> None:
    async def speak(client: Client) -> None:
        for path, code in (
            ("selinux/web.cil", "LSM635"),
            ("tomoyo/domain_policy.conf", "LSM67"),
            ("smack/accesses", ""),
            ("kubearmor/batch.yaml", "LSM827"),
        ):
            uri = client.open(PROFILES / path)
            found = await client.diagnostics(uri)
            assert not errors(found)
            assert all(str(one.code).startswith(code) for one in found), path
            assert found or not code
            known = types.DocumentSymbolParams(types.TextDocumentIdentifier(uri))
            assert await client.text_document_document_symbol_async(known), path
        assert not client.logged

    talk(PROFILES, speak)
