"""`lsmc diff`: the decisions in which two policies differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lsmc.cli.faults import NO, WRONG, YES, UsageFault
from lsmc.cli.options import Reading, format_option, policy_options, screen_of, screen_options

if TYPE_CHECKING:
    from lsmc.analysis.change import Change


@click.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="[NEW]", required=False)
@click.option(
    "--rev", metavar="REV", help="OLD is what it was in this revision of git; NEW may be left out."
)
@click.option(
    "--old-base",
    metavar="DIR",
    help="The directory that OLD's includes are relative to, if it is not that of --base.",
)
@click.option(
    "--fail-on",
    type=click.Choice(("any", "wider", "never")),
    default="any",
    show_default=True,
    help="Which changes make the exit status 1.",
)
@format_option("text", "json", "markdown", "sarif", "github")
@policy_options
@screen_options
@click.pass_context
def command(
    ctx: click.Context,
    old: str,
    new: str | None,
    rev: str | None,
    old_base: str | None,
    fail_on: str,
    form: str,
    reading: Reading,
) -> int:
    """Compare what OLD and NEW decide.

    Both are bundles, profile files or directories of profiles.  Every decision counts, for owner
    and other, with audit flags and exec transitions; order, spelling and layout do not.  Each
    change comes with an example and its direction: wider gives a subject more, narrower less.

    Exit status: 0 no change that counts, 1 there is one (see --fail-on), 2 wrong use, unreadable
    input or errors in policy.
    """
    from lsmc.api import diff
    from lsmc.automata.dfa import StateLimit
    from lsmc.cli.reading import read_policy, working
    from lsmc.output.difference import difference_lines, json
    from lsmc.output.difference_documents import DOCUMENTS

    screen = screen_of(ctx)
    reading_old = reading if old_base is None else reading._replace(base=old_base)
    if rev is not None:
        from lsmc.cli.revision import read_revision

        before = read_revision(old, rev, reading_old, screen)
    elif new is None:
        raise UsageFault("missing NEW: the policy to compare with, or --rev REV")
    else:
        before = read_policy(old, reading_old, screen)
    after = read_policy(old if new is None else new, reading, screen)
    try:
        with working(screen, "comparing"):
            changes = diff(before, after)
    except StateLimit:
        screen.error("the policies are too complex to compare exactly")
        return WRONG
    if form == "json":
        screen.text(json(changes))
    elif form == "text":
        screen.show(difference_lines(changes))
    else:
        screen.text(DOCUMENTS[form](changes, after))
    return NO if any(_counts(change, fail_on) for change in changes) else YES


def _counts(change: Change, fail_on: str) -> bool:
    return fail_on in ("any", change.direction)
