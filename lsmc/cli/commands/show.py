"""`lsmc show`: the content of a bundle, and the stages of compilation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from lsmc.cli import completion
from lsmc.cli.bundles import is_bundle
from lsmc.cli.faults import YES, UsageFault
from lsmc.cli.options import Reading, format_option, policy_options, screen_of, screen_options
from lsmc.output.styled import Line

if TYPE_CHECKING:
    _Choice = click.Choice[str]
else:
    _Choice = click.Choice  # which has no parameter in click 8.1

#: What stages were called before.
_FORMER = {"ast": "syntax", "table": "tables"}


class _Stage(_Choice):
    """The name of a stage; the former names are still accepted."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return super().convert(_FORMER.get(value, value), param, ctx)


@click.command("show")
@click.argument("policy", metavar="POLICY")
@click.argument("profile", metavar="[PROFILE]", required=False, shell_complete=completion.subjects)
@click.option(
    "--stage",
    type=_Stage(("syntax", "ir", "tables")),
    help="Print a stage as text: syntax tree (source only), rules (of source with patterns), "
    "or tables.",
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
    if stage == "syntax":
        screen.policy(_syntax(policy, reading))
        return YES
    if stage == "ir" and not is_bundle(policy):
        screen.show(_rules(policy, profile, reading))
        return YES
    found = read_policy(policy, reading, screen)
    if stage is not None:
        found.module.needs(found.module.semantics, f"`--stage {stage}` of a bundle")
        stages = {"ir": inventory.rules_text, "tables": inventory.table_text}
        screen.show(stages[stage](found, profile))
    elif form == "json":
        screen.text(dumps(inventory.as_json(found, profile), indent=2) + "\n")
    elif profile is None:
        screen.rich(inventory.summary(found, screen.width))
    else:
        screen.rich(inventory.details(found, profile, screen.width))
    return YES


def _syntax(path: str, reading: Reading) -> bytes:
    """The text of a file's syntax tree."""
    from lsmc.compiler.inputs import DiskFiles
    from lsmc.modules.registry import module_of

    if is_bundle(path):
        raise UsageFault(f"`{path}` is a bundle, which holds no syntax trees")
    module = module_of([path], reading.module)
    return module.needs(module.syntax, "`--stage syntax`")(path, DiskFiles().read(path))


def _rules(path: str, profile: str | None, reading: Reading) -> Iterator[Line]:
    """The rules of source files with their patterns, as the compiler understands them."""
    from lsmc.modules.registry import module_of
    from lsmc.output.inventory import policy_text

    module = module_of([path], reading.module)
    read = module.needs(module.ir, "`--stage ir` of source")
    return policy_text(read([path], reading.options()), profile)
