"""The commands: a page with the help of each, and the exit codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lsmc.cli.group import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDTH = 92
_HEAD = """# Commands

What `lsmc COMMAND --help` prints. [The command line](../cli.md) says what the words mean, and has
the exit status.
"""


def commands() -> list[tuple[str, click.Command]]:
    """The commands by name, in the order of help."""
    ctx = click.Context(cli, info_name="lsmc")
    found = [(name, cli.get_command(ctx, name)) for name in cli.list_commands(ctx)]
    return [(name, command) for name, command in found if command is not None]


def help_of(name: str, command: click.Command) -> str:
    """The help of a command, 92 columns wide."""
    parent = cli.make_context("lsmc", [], resilient_parsing=True)
    ctx = click.Context(command, parent, name, terminal_width=_WIDTH, max_content_width=_WIDTH)
    return command.get_help(ctx)


def table() -> str:
    """The commands with a sentence each."""
    rows = (f"| `lsmc {name}` | {one.get_short_help_str(200)} |\n" for name, one in commands())
    return "| command | does |\n|---|---|\n" + "".join(rows)


def pages() -> Iterator[tuple[str, str]]:
    """The page of all commands."""
    texts = (
        f"\n## lsmc {name}\n\n```text\n{help_of(name, command)}\n```\n"
        for name, command in commands()
    )
    yield "reference/commands.md", "".join([_HEAD, *texts])
