"""The process that serves: how it ends."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.places import ROOT


def _message(**parts: object) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **parts}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def _said(*messages: bytes) -> subprocess.CompletedProcess[bytes]:
    """What a server says to some messages, after which its input ends."""
    command = [sys.executable, "-m", "lsmc.cli", "server"]
    talk = b"".join(messages)
    return subprocess.run(
        command, input=talk, capture_output=True, cwd=ROOT, timeout=60, check=False
    )


def test_columns_are_in_utf16_whatever_the_editor_prefers() -> None:
    general = {"positionEncodings": ["utf-8", "utf-32", "utf-16"]}
    printed = _said(
        _message(id=1, method="initialize", params={"capabilities": {"general": general}})
    )
    assert b'"positionEncoding":"utf-16"' in printed.stdout.replace(b" ", b"")


def test_a_request_that_does_not_fit_is_answered() -> None:
    printed = _said(
        _message(id=1, method="initialize", params={"capabilities": {}}),
        _message(id=2, method="textDocument/hover", params={}),
        _message(id=3, method="shutdown"),
        _message(method="exit"),
    )
    assert b'"code": -32602' in printed.stdout
    assert b'"id": 2' in printed.stdout


def test_it_ends_with_the_conversation_and_says_nothing() -> None:
    talk = (
        _message(id=1, method="initialize", params={"capabilities": {}}),
        _message(method="initialized", params={}),
        _message(id=2, method="shutdown"),
        _message(method="exit"),
    )
    run = _said(*talk)
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout.startswith(b"Content-Length:")


def test_without_the_library_one_line_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['pygls'] = sys.modules['lsprotocol'] = None;"
        "from lsmc.cli import main; sys.argv[1:] = ['server', '--stdio']; sys.exit(main())"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert printed.returncode == 2
    assert not printed.stdout
    (line,) = printed.stderr.splitlines()
    assert "pip install 'lsmc[server]'" in line


def test_nothing_but_the_server_imports_the_library() -> None:
    program = (
        "import sys, lsmc; from lsmc.cli.group import cli;"
        "from lsmc.modules.registry import MODULES, module_named;"
        "[module_named(name).editing() for name in MODULES];"
        "import click; [cli.get_command(click.Context(cli), name) for name in"
        " cli.list_commands(click.Context(cli))];"
        "print([name for name in ('pygls', 'lsprotocol', 'cattrs') if name in sys.modules])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert printed.stdout == "[]\n", printed.stderr
