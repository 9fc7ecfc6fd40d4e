"""`lsmc version`: the version of lsmc."""

from __future__ import annotations

import click

from lsmc.cli.faults import YES


@click.command("version")
def command() -> int:
    """Show the version and how the kernels run."""
    from lsmc.cli.group import version_line

    click.echo(version_line())
    return YES
