"""`lsmc show`: what a bundle holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import click

from lsmc.cli.faults import YES, UsageFault
from lsmc.cli.options import Reading, format_option, policy_options, screen_of, screen_options
from lsmc.output.styled import Line


@click.command("show")
@click.argument("policy", metavar="POLICY")
@click.argument("profile", metavar="[PROFILE]", required=False)
@click.option(
    "--stage",
    type=click.Choice(("ast", "ir", "table")),
    help="Print a stage as text: syntax tree (source only), rules, or tables.",
)
@format_option("text", "json")
@policy_options
@screen_options
@click.pass_context
def command(
    ctx: click.Context,
    policy: str,
    profile: str | None,
    stage: str | None,
    form: str,
    reading: Reading,
) -> int:
    """Show what is in a bundle, or in one PROFILE of it.

    Lists profiles with their units, rules, groups and states, and the sizes of the sections.  A
    profile file or a directory is compiled first.
    """
    from lsmc.cli.reading import read_policy
    from lsmc.output import inventory
    from lsmc.output.json import dumps

    screen = screen_of(ctx)
    if stage == "ast":
        screen.policy(_tree(policy))
        return YES
    engine = read_policy(policy, reading, screen).engine
    if stage is not None:
        stages: dict[str, Callable[..., Iterator[Line]]] = {
            "ir": inventory.rules_text,
            "table": inventory.table_text,
        }
        screen.show(stages[stage](engine, profile))
    elif form == "json":
        screen.text(dumps(inventory.as_json(engine, profile), indent=2) + "\n")
    elif profile is None:
        screen.rich(inventory.summary(engine))
    else:
        screen.rich(inventory.details(engine, profile))
    return YES


def _tree(path: str) -> bytes:
    from lsmc.base.diagnostics import PolicyError
    from lsmc.base.source import Source
    from lsmc.compiler.inputs import DiskFiles
    from lsmc.modules.apparmor.syntax.parser import parse
    from lsmc.modules.apparmor.syntax.printer import format_file

    data = DiskFiles().read(path)
    if data[:4] == b"LSMB":
        raise UsageFault(f"`{path}` is a bundle, which holds no syntax trees")
    tree, faults = parse(Source.from_bytes(path, data))
    if faults:
        raise PolicyError(faults)
    return format_file(tree).encode("latin-1")
