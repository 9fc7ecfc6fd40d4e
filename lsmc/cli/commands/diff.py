"""`lsmc diff`: the decisions in which two policies differ."""

from __future__ import annotations

import click

from lsmc.cli.faults import NO, WRONG, YES
from lsmc.cli.options import Reading, format_option, policy_options, screen_of, screen_options


@click.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@format_option("text", "json")
@policy_options
@screen_options
@click.pass_context
def command(ctx: click.Context, old: str, new: str, form: str, reading: Reading) -> int:
    """Compare what OLD and NEW decide: bundles, profile files or directories of profiles.

    Every decision counts, for owner and other, with audit flags and exec transitions; order,
    spelling and layout do not.  Each change comes with an example.  Exit status 1 when the
    policies differ.
    """
    from lsmc.api import diff
    from lsmc.automata.dfa import StateLimit
    from lsmc.cli.reading import read_policy
    from lsmc.output.difference import difference_lines, to_json
    from lsmc.output.json import dumps

    screen = screen_of(ctx)
    policies = [read_policy(path, reading, screen) for path in (old, new)]
    try:
        changes = diff(*policies)
    except StateLimit:
        screen.error("the policies are too complex to compare exactly")
        return WRONG
    if form == "json":
        screen.text(dumps([to_json(change) for change in changes], indent=2) + "\n")
    else:
        screen.show(difference_lines(changes))
    return NO if changes else YES
