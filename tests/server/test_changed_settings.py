"""Settings that change while the server runs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from lsprotocol import types

from tests.server.client import connected

WITHOUT_ABI = "LSM401"


@pytest.mark.parametrize(("settings", "kept"), [({}, True), (None, True), ({"lsmc": {}}, False)])
def test_only_settings_that_are_sent_replace_those_of_the_beginning(
    settings: dict[str, object] | None, kept: bool, tmp_path: Path
) -> None:
    path = tmp_path / "a"
    path.write_text("profile a /a {\n  /etc/x r,\n}\n")

    async def talk() -> None:
        async with connected(tmp_path, ignore=[WITHOUT_ABI]) as client:
            uri = client.open(path)
            assert WITHOUT_ABI not in {one.code for one in await client.diagnostics(uri)}
            client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
            client.change(uri, path.read_text() + "\n")
            codes = {one.code for one in await client.diagnostics(uri)}
            assert (WITHOUT_ABI not in codes) == kept

    asyncio.run(talk())


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"target": "9.9"}, "no target `9.9`: the targets are"),
        ({"minConfidence": "most"}, "`minConfidence` is one of low, medium, high"),
        ({"ignore": "LSM401"}, "`ignore` is no list of texts"),
    ],
)
def test_a_wrong_setting_is_shown_once(
    settings: dict[str, object], told: str, tmp_path: Path
) -> None:
    path = tmp_path / "a"
    path.write_text("profile a /a {\n  /etc/x r,\n}\n")

    async def talk() -> None:
        async with connected(tmp_path) as client:
            uri = client.open(path)
            await client.diagnostics(uri)
            configuration = types.DidChangeConfigurationParams({"lsmc": settings})
            client.workspace_did_change_configuration(configuration)
            for count in range(3):
                client.change(uri, path.read_text() + "\n" * count)
                hover = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(1, 3))
                await client.text_document_hover_async(hover)
            (shown,) = client.shown
            assert told in shown

    asyncio.run(talk())
