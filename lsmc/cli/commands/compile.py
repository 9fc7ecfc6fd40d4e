"""`lsmc compile`: source files to a bundle."""

from __future__ import annotations

import os

import click

from lsmc.cli.faults import YES, UsageFault
from lsmc.cli.options import Reading, policy_options, screen_of, screen_options


@click.command("compile")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("-o", "--output", metavar="BUNDLE", required=True, help="The file to write.")
@policy_options
@screen_options
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], output: str, reading: Reading) -> int:
    """Compile profile files, or the files of directories, into one bundle.

    Nothing is written when the policy has errors.
    """
    from lsmc.cli.reading import compile_paths
    from lsmc.files import write_atomically
    from lsmc.output.styled import safe
    from lsmc.tables.bundle import Bundle

    screen = screen_of(ctx)
    _check_output(output)
    data, warnings = compile_paths(paths, reading, screen)
    screen.diagnostics(warnings)
    write_atomically(output, data)
    count = Bundle(data).profiles
    screen.show([((f"{safe(output)}: {count} profile{'' if count == 1 else 's'}", ""),)])
    return YES


def _check_output(output: str) -> None:
    """Refuse what cannot be written before the work is done."""
    if os.path.isdir(output):
        raise UsageFault(f"cannot write `{output}`: is a directory")
    folder = os.path.dirname(output) or "."
    if not os.path.isdir(folder):
        raise UsageFault(f"cannot write `{output}`: no directory `{folder}`")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageFault(f"cannot write `{output}`: permission denied")
