"""`lsmc can`: all that a subject may do."""

from __future__ import annotations

import click

from lsmc.cli import completion
from lsmc.cli.faults import YES, UsageFault
from lsmc.cli.options import (
    Reading,
    format_option,
    named,
    policy_options,
    policy_paths_option,
    screen_of,
    screen_options,
)


@click.command("can")
@click.argument("policy", metavar="[POLICY]", required=False)
@click.argument("words", metavar="SUBJECT", nargs=-1, shell_complete=completion.subjects)
@policy_paths_option
@click.option(
    "--class",
    "classes",
    metavar="CLASS",
    multiple=True,
    help="Only this class (file, network, ...); may be repeated.",
)
@format_option("text", "json")
@policy_options
@screen_options
@click.pass_context
def command(
    ctx: click.Context,
    policy: str | None,
    words: tuple[str, ...],
    paths: tuple[str, ...],
    classes: tuple[str, ...],
    form: str,
    reading: Reading,
) -> int:
    """Show all that SUBJECT may do.

    First what is at stake, then what it writes, executes and as what, the network, capabilities,
    other programs, mounts, and what it reads.  A rule that others override everywhere is not
    listed; one that is refused in part is listed with an object that it does not give.  Without
    POLICY this machine's own is asked.
    """
    from lsmc.cli.machine import policy_of
    from lsmc.output.abilities import ability_lines, to_json
    from lsmc.output.json import dumps

    screen = screen_of(ctx)
    paths, words = named(policy, paths, words)
    if policy is not None and not words:
        paths, words = (), (policy,)  # a SUBJECT alone
    if len(words) != 1:
        raise UsageFault("give one SUBJECT: [POLICY] SUBJECT")
    opened, _ = policy_of(paths, reading, screen)
    abilities = opened.module.needs(opened.module.abilities, "`can`")
    found = abilities(opened.engine, words[0], classes)
    if form == "json":
        screen.text(dumps(to_json(found), indent=2) + "\n")
    else:
        screen.show(ability_lines(found, screen.width))
    return YES
