"""`lsmc compile`: source files to a bundle."""

from __future__ import annotations

import click

from lsmc.cli.faults import YES
from lsmc.cli.options import Reading, policy_options, screen_of, screen_options


@click.command("compile")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "-o", "--output", metavar="BUNDLE", required=True, help="The file to write; - is stdout."
)
@policy_options
@screen_options
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], output: str, reading: Reading) -> int:
    """Compile profile files, or the files of directories, into one bundle.

    Nothing is written when the policy has errors.
    """
    from lsmc.cli.outputs import check_output, is_stdout, write_output
    from lsmc.cli.reading import check_paths, compile_paths
    from lsmc.compiler.inputs import DiskFiles
    from lsmc.modules.registry import module_of
    from lsmc.output.styled import line, safe
    from lsmc.policy import Policy

    screen = screen_of(ctx)
    check_output(output)
    found, missing = module_of(paths, reading.module).files(paths, DiskFiles())
    check_paths(paths, (*found, *missing), screen)
    data, warnings = compile_paths(paths, reading, screen)
    screen.diagnostics(warnings)
    write_output(output, data)
    count = len(Policy(data))
    told = f"{safe(output)}: {count} profile{'' if count == 1 else 's'}"
    if is_stdout(output):
        screen.remark(told)
    else:
        screen.show([line(told)])
    return YES
