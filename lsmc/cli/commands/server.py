"""`lsmc server`: serves an editor."""

from __future__ import annotations

import click

from lsmc.cli.faults import YES, UsageFault


@click.command("server")
@click.option("--stdio", is_flag=True, expose_value=False, help="Nothing more: editors say it.")
def command() -> int:
    """Serve an editor: Language Server Protocol on standard input and output.

    Editors start it; docs/editors.md says how.  It ends with the conversation.
    """
    try:
        from lsmc.server.serve import serve
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in ("pygls", "lsprotocol", "attrs", "cattrs"):
            raise
        raise UsageFault(
            "the server needs the library pygls, which is not installed: pip install 'lsmc[server]'"
        ) from None
    serve()
    return YES
