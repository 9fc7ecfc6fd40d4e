"""`lsmc lint`: finds mistakes in policy that compiles, for people and for CI."""

from __future__ import annotations

from typing import Any

import click

from lsmc.cli import completion
from lsmc.cli.options import Reading, format_option, policy_options, screen_of, screen_options

FORMATS = ("text", "concise", "json", "jsonl", "sarif", "github", "gitlab", "junit")


@click.command("lint")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "--select",
    metavar="CODES",
    multiple=True,
    shell_complete=completion.codes,
    help="Run these checks only: codes, prefixes (LSM1), names, ALL; separated by commas.",
)
@click.option(
    "--extend-select",
    metavar="CODES",
    multiple=True,
    shell_complete=completion.codes,
    help="Run these checks as well.",
)
@click.option(
    "--ignore",
    metavar="CODES",
    multiple=True,
    shell_complete=completion.codes,
    help="Do not run these checks.",
)
@format_option(*FORMATS)
@click.option(
    "--report",
    "reports",
    metavar="FORMAT=FILE",
    multiple=True,
    help="Write the findings to FILE as well: json, sarif, github, gitlab or junit.",
)
@click.option("--baseline", metavar="FILE", help="Report only what is not in this file.")
@click.option("--write-baseline", is_flag=True, help="Write what is found to the baseline.")
@click.option(
    "--min-confidence",
    type=click.Choice(("low", "medium", "high")),
    help="Run only checks that are at least so sure [low].",
)
@click.option(
    "--fail-level",
    type=click.Choice(("error", "warning", "info")),
    help="The severity from which findings make the exit status 1 [warning].",
)
@click.option("--included", is_flag=True, help="Report findings in included files, too.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever is found in the policy.")
@click.option("--statistics", is_flag=True, help="End with the number of findings of each code.")
@click.option("--changed-since", metavar="REV", help="Report findings in files changed since REV.")
@click.option("--stdin-filename", metavar="NAME", help="The name of the file that is read from -.")
@click.option("--config", metavar="FILE", help="Configuration [lsmc.toml, searched upwards].")
@click.option("--no-config", is_flag=True, help="Look for no configuration.")
@click.option("--fix", is_flag=True, help="Make the changes that alter no decision.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: make the others too.")
@click.option("--diff", is_flag=True, help="Print what --fix would change, and change nothing.")
@policy_options
@screen_options
@click.pass_context
def command(
    ctx: click.Context, /, paths: tuple[str, ...], form: str, reading: Reading, **options: Any
) -> int:
    """Check profiles, or the files of directories, all judged together.

    With --format jsonl each file is judged alone.  `-` reads a file from standard input.
    `lsmc rule CODE` explains a finding.  Exit status: 0 clean, 1 findings, 2 wrong use,
    unreadable input or errors in policy.
    """
    from lsmc.cli.linting import LintOptions, lint

    wish = LintOptions(paths, form, reading, **options)
    return lint(wish, screen_of(ctx))
