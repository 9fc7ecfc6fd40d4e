"""`lsmc replay`: what a changed policy would do to recorded accesses."""

from __future__ import annotations

import click

from lsmc.cli.faults import UsageFault
from lsmc.cli.options import (
    Reading,
    enforce_option,
    format_option,
    policy_options,
    screen_of,
    screen_options,
)


@click.command("replay")
@click.argument("old", metavar="[OLD", required=False)
@click.argument("new", metavar="NEW]", required=False)
@click.option(
    "--policies",
    metavar="MAP",
    help="In place of OLD and NEW: a TOML file that says which hosts run which policy.",
)
@click.option(
    "--log",
    "logs",
    metavar="FILE",
    multiple=True,
    required=True,
    help="A log, a directory of logs, - for standard input, with --engine dask also addresses and"
    " patterns (s3://bucket/audit/*); may be repeated.",
)
@click.option("--since", metavar="TIME", help="Nothing older (2026-01-31T10:00, 2h, 3d).")
@click.option(
    "--profile", metavar="GLOB", help="Only these profiles, by name or the last part of it."
)
@click.option(
    "--engine",
    type=click.Choice(("local", "dask")),
    default="local",
    show_default=True,
    help="Read logs in this process, or in parts on Dask (extra `fleet`).",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="With --engine dask: the scheduler of a cluster [processes of this machine, as -j says].",
)
@click.option(
    "--field",
    "fields",
    metavar="NAME=PATH",
    multiple=True,
    help="The logs are JSON lines of a log store: where each has message, host, namespace, pod or"
    " container (message=_source.log); may be repeated.",
)
@enforce_option
@format_option("text", "jsonl", "html")
@policy_options
@screen_options
@click.pass_context
def command(
    ctx: click.Context,
    old: str | None,
    new: str | None,
    policies: str | None,
    logs: tuple[str, ...],
    since: str | None,
    profile: str | None,
    engine: str,
    scheduler: str | None,
    fields: tuple[str, ...],
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

    if scheduler is not None and engine != "dask":
        raise UsageFault("--scheduler goes with --engine dask")
    if policies is None and (old is None or new is None):
        raise UsageFault("give OLD and NEW, or --policies MAP")
    if policies is not None and old is not None:
        raise UsageFault("--policies stands in place of OLD and NEW")
    wanted = ReplayOptions(
        old=old or "",
        new=new or "",
        policies=policies,
        logs=logs,
        since=since,
        profile=profile,
        engine=engine,
        scheduler=scheduler,
        fields=fields,
        enforce=enforce,
        form=form,
    )
    return replay(wanted, reading, screen_of(ctx))
