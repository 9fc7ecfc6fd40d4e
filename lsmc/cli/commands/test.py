"""`lsmc test`: does a policy keep what its tests say?"""

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


class _Command(click.Command):
    """Takes `--coverage` with and without a file, which click itself cannot tell from a path."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments, a bare `--coverage` as one with an empty file."""
        end = args.index("--") if "--" in args else len(args)
        named = ["--coverage=" if word == "--coverage" else word for word in args[:end]]
        return super().parse_args(ctx, [*named, *args[end:]])


@click.command("test", cls=_Command)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "--coverage",
    metavar="[=FILE]",
    help="Tell which rules decided a case; with =FILE write it there (.json, .info, else text).",
)
@click.option(
    "--min-coverage",
    metavar="N",
    type=click.FloatRange(0, 100),
    help="Exit with 1 when less than N percent of the rules decided a case.",
)
@click.option(
    "--mutate",
    metavar="N",
    type=click.IntRange(1),
    help="Change N rules, one at a time, and tell which changes no test notices.",
)
@click.option("--html", metavar="FILE", help="Write a page with the rules marked in their files.")
@enforce_option
@format_option("text", "json", "junit", "tap")
@policy_options
@screen_options
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    coverage: str | None,
    min_coverage: float | None,
    mutate: int | None,
    html: str | None,
    enforce: bool,
    form: str,
    reading: Reading,
) -> int:
    """Run the tests of a policy: the files NAME.test.toml that are given, or in directories.

    A file names a policy, questions with the answers that they must have, and what no subject may
    do.  What does not hold is explained.  Exit status 1 when anything does not hold or the coverage
    is too low, 2 when a test names what the policy does not know.
    """
    from lsmc.cli.testing import TestOptions, run_tests

    wanted = TestOptions(
        paths=paths,
        coverage=coverage,
        least=min_coverage,
        mutate=mutate,
        html=html,
        enforce=enforce,
        form=form,
    )
    return run_tests(wanted, reading, screen_of(ctx))
