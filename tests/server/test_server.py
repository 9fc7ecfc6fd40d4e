"""The server as an editor meets it: a process that speaks the protocol."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.server.client import at, connected


def test_an_edit_is_judged_before_it_is_saved(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("profile a {\n  /etc/x r,\n}\n")

    async def talk() -> None:
        async with connected(tmp_path) as client:
            uri = client.open(path)
            assert not [one for one in await client.diagnostics(uri) if one.severity == 1]
            client.change(uri, "", at(1, 10, 11))
            (error,) = [one for one in await client.diagnostics(uri) if one.severity == 1]
            assert (error.code, error.range) == ("LSM001", at(1, 10, 10))

    asyncio.run(talk())
