"""`lsmc can`: all that a subject may do."""

from __future__ import annotations

import click

from lsmc.cli import completion
from lsmc.cli.faults import YES
from lsmc.cli.options import Reading, format_option, policy_options, screen_of, screen_options


@click.command("can")
@click.argument("policy", metavar="POLICY")
@click.argument("subject", metavar="SUBJECT", shell_complete=completion.subjects)
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
    policy: str,
    subject: str,
    classes: tuple[str, ...],
    form: str,
    reading: Reading,
) -> int:
    """Show all that SUBJECT may do.

    First what is at stake, then what it writes, executes and as what, the network, capabilities,
    other programs, mounts, and what it reads.  A rule that others override everywhere is not
    listed; one that is refused in part is listed with an object that it does not give.
    """
    from lsmc.cli.reading import read_policy
    from lsmc.output.abilities import ability_lines, to_json
    from lsmc.output.json import dumps

    screen = screen_of(ctx)
    opened = read_policy(policy, reading, screen)
    abilities = opened.module.needs(opened.module.abilities, "`can`")
    found = abilities(opened.engine, subject, classes)
    if form == "json":
        screen.text(dumps(to_json(found), indent=2) + "\n")
    else:
        screen.show(ability_lines(found, screen.width))
    return YES
