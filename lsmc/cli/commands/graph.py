"""`lsmc graph`: the profiles that a task can change to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lsmc.cli import completion
from lsmc.cli.faults import NO, WRONG, YES, UsageFault
from lsmc.cli.options import (
    Reading,
    format_option,
    named,
    policy_options,
    policy_paths_option,
    screen_of,
    screen_options,
)
from lsmc.cli.screen import Screen

if TYPE_CHECKING:
    from lsmc.analysis.graph import Kind


#: Arrows that Graphviz can lay out in seconds, and that a person can follow.
_MOST = 400
_KINDS: tuple[Kind, ...] = ("exec", "change_profile", "change_hat", "mode")


@click.command("graph")
@click.argument("policy", metavar="[POLICY]", required=False)
@policy_paths_option
@click.option(
    "--from",
    "start",
    metavar="PROFILE",
    shell_complete=completion.subjects,
    help="Only what can be reached from a profile, a path or `unconfined`.",
)
@click.option(
    "--to",
    "end",
    metavar="PROFILE",
    shell_complete=completion.subjects,
    help="Only what leads to a profile, or to `unconfined`.",
)
@click.option(
    "--path",
    "ends",
    nargs=2,
    metavar="A B",
    help="Only a shortest chain from A to B; exit status 1 when there is none.",
)
@click.option("--depth", metavar="N", type=click.IntRange(1), help="Chains of N transitions only.")
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(_KINDS),
    multiple=True,
    help="Only transitions of this kind; may be repeated.",
)
@format_option("text", "dot", "svg", "json")
@policy_options
@screen_options
@click.pass_context
def command(
    ctx: click.Context,
    policy: str | None,
    paths: tuple[str, ...],
    start: str | None,
    end: str | None,
    ends: tuple[str, str] | None,
    depth: int | None,
    kinds: tuple[Kind, ...],
    form: str,
    reading: Reading,
) -> int:
    """Show the transitions between profiles.

    POLICY is a bundle, a profile file or a directory of profiles.  Transitions are executions,
    change_profile and hats; each comes with its rule and an example that `lsmc query` answers
    alike.  Pictures (svg) need `dot` of Graphviz.
    """
    from lsmc.analysis.subgraph import part_of, route
    from lsmc.api import graph as graph_of
    from lsmc.cli.reading import read_policies, working
    from lsmc.output.graph import arrows, dot, text_lines, to_json
    from lsmc.output.json import dumps
    from lsmc.output.styled import safe

    paths, rest = named(policy, paths, ())
    if not paths:
        raise click.UsageError("missing argument 'POLICY'")
    if rest:
        raise click.UsageError("--policy stands in place of POLICY")
    if ends is not None and (start, end, depth) != (None, None, None):
        raise UsageFault("--path goes with neither --from nor --to nor --depth")
    if depth is not None and start is None and end is None:
        raise UsageFault("--depth needs --from or --to")
    screen = screen_of(ctx)
    policies = read_policies(paths, reading, screen)
    with working(screen, "finding transitions"):
        graph = graph_of(policies)
    if ends is not None:
        found = route(graph, graph.subject(ends[0]), graph.subject(ends[1]), kinds)
        if found is None:
            screen.remark("lsmc: nothing leads from `{}` to `{}`".format(*map(safe, ends)))
            return NO
        part = found
    else:
        first = graph.subject(start) if start is not None else None
        last = graph.subject(end) if end is not None else None
        part = part_of(graph, first, last, depth, kinds)
        if end is not None and not part.edges:
            screen.remark(f"lsmc: nothing leads to `{safe(end)}`")
    if form == "json":
        screen.text(dumps(to_json(part), indent=2) + "\n")
    elif form == "dot":
        screen.text(dot(part))
    elif form == "svg":
        if (count := arrows(part)) > _MOST:
            raise UsageFault(
                f"a picture of {count} transitions would take minutes, and nobody can read it: "
                "narrow it with --from, --to, --path, --depth or --kind"
            )
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
