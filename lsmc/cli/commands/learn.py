"""`lsmc learn`: policy from the records of a log."""

from __future__ import annotations

import click

from lsmc.cli.machine import OWN_LOGS
from lsmc.cli.options import (
    Reading,
    named,
    policy_options,
    policy_paths_option,
    screen_of,
    screen_options,
)


@click.command("learn")
@click.argument("policy", metavar="[POLICY]", required=False)
@policy_paths_option
@click.option(
    "--log",
    metavar="[FILE]",
    multiple=True,
    required=True,
    is_flag=False,
    flag_value=OWN_LOGS,
    help="The log to learn from: a file, a directory, - for standard input; this machine's own when"
    " it comes last without a FILE.",
)
@click.option("--exec", "executable", metavar="PATH", help="The program that the profile is for.")
@click.option("--name", metavar="NAME", help="Learn this profile only; a new one gets this name.")
@click.option("--since", metavar="TIME", help="Nothing older (2026-01-31T10:00, 2h).")
@click.option("--exact", is_flag=True, help="Rules for the very names of the log, not their kind.")
@click.option("--interactive", is_flag=True, help="Ask what could be decided otherwise.")
@click.option("-o", "--output", metavar="FILE", help="Write what would be printed to a file.")
@click.option("--write", is_flag=True, help="Change the files of POLICY instead of printing.")
@policy_options
@screen_options
@click.pass_context
def command(
    ctx: click.Context,
    policy: str | None,
    paths: tuple[str, ...],
    log: tuple[str, ...],
    executable: str | None,
    name: str | None,
    since: str | None,
    exact: bool,
    interactive: bool,
    output: str | None,
    write: bool,
    reading: Reading,
) -> int:
    """Draft a profile from a program's log, or extend one.

    Records of a profile that POLICY has (the policy of this machine without one) become a diff of
    its file, for `patch -p1` and `git apply`; those of another become a new profile.  Several
    profiles are one diff.  Before anything is printed it is checked: it compiles, `lsmc lint` has
    no finding of LSM1 and LSM2, `lsmc fmt` nothing to change, and each record is allowed; records
    of which no rule can be made, and what is hazardous, are told on standard error.

    Exit status: 0 done, or nothing to learn; 2 when no draft stands the checks, or lines of the log
    cannot be read.
    """
    from lsmc.cli.learning import LearnOptions, learn

    wish = LearnOptions(
        policy=named(policy, paths, ())[0],
        logs=log,
        executable=executable or "",
        name=name or "",
        since=since,
        exact=exact,
        interactive=interactive,
        output=output,
        write=write,
    )
    return learn(wish, reading, screen_of(ctx))
