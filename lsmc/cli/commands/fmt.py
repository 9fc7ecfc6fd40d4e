"""`lsmc fmt`: profiles in good layout."""

from __future__ import annotations

import click

from lsmc.cli.options import Reading, policy_options, screen_of, screen_options


@click.command("fmt")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
@click.option("-r", "--recursive", is_flag=True, help="Take the directories in directories too.")
@click.option("--stdin-filename", metavar="NAME", help="The name of the file that is read from -.")
@policy_options
@screen_options
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    check: bool,
    diff: bool,
    recursive: bool,
    stdin_filename: str | None,
    reading: Reading,
) -> int:
    """Put profile files, or the files of directories, into good layout.

    Comments, blank lines and the order of rules stay; no decision changes, and that is checked
    before a file is written.  A directory stands for its files, and `abstractions`, `tunables` and
    `local` also for those below them.  `-` formats standard input to standard output.  Exit
    status: 0 done, 1 with --check when something would change, 2 when a file cannot be read, has
    errors or cannot be written.
    """
    from lsmc.cli.formatting import FormatOptions, fmt

    wish = FormatOptions(
        paths=paths,
        reading=reading,
        check=check,
        diff=diff,
        recursive=recursive,
        stdin_filename=stdin_filename,
    )
    return fmt(wish, screen_of(ctx))
