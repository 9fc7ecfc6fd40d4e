"""The process that serves: how it ends."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.places import ROOT


def _message(**parts: object) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **parts}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def test_it_ends_with_the_conversation_and_says_nothing() -> None:
    talk = (
        _message(id=1, method="initialize", params={"capabilities": {}}),
        _message(method="initialized", params={}),
        _message(id=2, method="shutdown"),
        _message(method="exit"),
    )
    command = [sys.executable, "-m", "lsmc.cli", "server"]
    run = subprocess.run(
        command, input=b"".join(talk), capture_output=True, cwd=ROOT, timeout=60, check=False
    )
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout.startswith(b"Content-Length:")
