"""`lsmc help`: the help of a command."""

from __future__ import annotations

import click

from lsmc.cli.faults import YES, UsageFault


@click.command("help")
@click.argument("name", metavar="[COMMAND]", required=False)
@click.pass_context
def command(ctx: click.Context, name: str | None) -> int:
    """Show the help of a command, or of all."""
    group = ctx.find_root()
    if name is None:
        click.echo(group.get_help())
        return YES
    assert isinstance(group.command, click.Group)
    found = group.command.get_command(group, name)
    if found is None:
        raise UsageFault(f"no command `{name}`; see `lsmc --help`")
    with click.Context(found, group, name) as inner:
        click.echo(found.get_help(inner))
    return YES
