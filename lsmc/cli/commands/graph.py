"""`lsmc graph`: the profiles that a task can change to."""

from __future__ import annotations

import click

from lsmc.cli.faults import WRONG, YES
from lsmc.cli.options import Reading, format_option, policy_options, screen_of, screen_options
from lsmc.cli.screen import Screen


@click.command("graph")
@click.argument("policy", metavar="POLICY")
@click.option(
    "--from",
    "start",
    metavar="PROFILE",
    help="Only what can be reached from a profile, a path or `unconfined`.",
)
@format_option("text", "dot", "svg", "json")
@policy_options
@screen_options
@click.pass_context
def command(ctx: click.Context, policy: str, start: str | None, form: str, reading: Reading) -> int:
    """Show the transitions between profiles: executions, change_profile and hats.

    POLICY is a bundle, a profile file or a directory of profiles.  Each transition comes with its
    rule and an example that `lsmc query` answers alike.  Pictures (svg) need `dot` of Graphviz.
    """
    from lsmc.api import graph as graph_of
    from lsmc.cli.reading import read_policy
    from lsmc.output.graph import dot, shown, text_lines, to_json
    from lsmc.output.json import dumps

    screen = screen_of(ctx)
    graph = graph_of(read_policy(policy, reading, screen))
    part = shown(graph, graph.subject(start) if start is not None else None)
    if form == "json":
        screen.text(dumps(to_json(part), indent=2) + "\n")
    elif form == "dot":
        screen.text(dot(part))
    elif form == "svg":
        return _svg(dot(part), screen)
    else:
        screen.show(text_lines(part))
    return YES


def _svg(source: str, screen: Screen) -> int:
    """Draw a graph with Graphviz."""
    import shutil
    import subprocess

    program = shutil.which("dot")
    if program is None:
        screen.error("svg needs the program `dot` of Graphviz; use --format dot without it")
        return WRONG
    done = subprocess.run(  # noqa: S603 - the program's own name, and no shell
        [program, "-Tsvg"], input=source.encode(), capture_output=True, check=False
    )
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        screen.error(f"`dot` failed: {reason[0] if reason else done.returncode}")
        return WRONG
    screen.text(done.stdout.decode("utf-8", "replace"))
    return YES
