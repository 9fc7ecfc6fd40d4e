"""`lsmc replay`: what a changed policy would do to recorded accesses."""

from __future__ import annotations

import click

from lsmc.cli.options import (
    Reading,
    enforce_option,
    format_option,
    policy_options,
    screen_of,
    screen_options,
)


@click.command("replay")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "--log",
    "logs",
    metavar="FILE",
    multiple=True,
    required=True,
    help="A log, a directory of logs, - for standard input; may be repeated.",
)
@click.option("--since", metavar="TIME", help="Nothing older (2026-01-31T10:00, 2h, 3d).")
@click.option(
    "--profile", metavar="GLOB", help="Only these profiles, by name or the last part of it."
)
@enforce_option
@format_option("text", "jsonl")
@policy_options
@screen_options
@click.pass_context
def command(
    ctx: click.Context,
    old: str,
    new: str,
    logs: tuple[str, ...],
    since: str | None,
    profile: str | None,
    enforce: bool,
    form: str,
    reading: Reading,
) -> int:
    """Show what the policy NEW would do to accesses that ran under OLD.

    Every cause of the records in the logs is put to both policies, and told are those that one
    allows and the other denies, each with the rule responsible, counts, times and hosts.  A log
    holds what was refused; what was allowed it holds only where complain mode or `audit` rules
    wrote it, so that nothing is said of accesses that no record tells of.

    Exit status: 0, 1 when something that OLD allows would be denied, 2 when lines of the module
    could not be read.
    """
    from lsmc.cli.replaying import ReplayOptions, replay

    wanted = ReplayOptions(old, new, logs, since, profile, enforce, form)
    return replay(wanted, reading, screen_of(ctx))
