"""`lsmc query`: may a subject do something?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lsmc.cli import completion
from lsmc.cli.contexts import context_options
from lsmc.cli.options import (
    Reading,
    booleans_option,
    enforce_option,
    format_option,
    named,
    policy_options,
    policy_paths_option,
    screen_of,
    screen_options,
)

if TYPE_CHECKING:
    from lsmc.stack.context import Context


@click.command("query")
@click.argument("policy", metavar="[POLICY]", required=False)
@click.argument(
    "words",
    metavar="SUBJECT OP [OBJECT] [KEY=VALUE...]",
    nargs=-1,
    shell_complete=completion.question,
)
@policy_paths_option
@click.option("--not-owner", is_flag=True, help="The subject does not own the object.")
@click.option(
    "--batch", metavar="FILE", help="Answer the requests of a JSON Lines file (- is stdin)."
)
@booleans_option
@enforce_option
@context_options
@format_option("text", "json")
@policy_options
@screen_options
@click.pass_context
def command(
    ctx: click.Context,
    policy: str | None,
    words: tuple[str, ...],
    paths: tuple[str, ...],
    not_owner: bool,
    batch: str | None,
    enforce: bool,
    booleans: dict[str, bool],
    context: Context | None,
    form: str,
    reading: Reading,
) -> int:
    """Ask whether SUBJECT may do OP to OBJECT.

    POLICY is a bundle, a profile file or a directory of profiles.  SUBJECT is a profile's name or
    the path of an executable; `lsmc ops` lists the operations.  With --batch, each line of FILE is
    a request and each line of the output its verdict.

    What is said of the process, the object, its directory and the modules makes it a question to
    the whole kernel: users and modes, capabilities and modules are asked in its order.
    """
    from lsmc.cli.ask import ask_many, ask_one, question
    from lsmc.cli.reading import read_policies

    paths, words = named(policy, paths, words)
    if not paths:
        raise click.UsageError("missing argument 'POLICY'")
    if batch is not None and (words or not_owner or booleans or context is not None):
        raise click.UsageError("--batch takes its questions from the file")
    asked = question(words, booleans, reading.settings) if batch is None else None
    screen = screen_of(ctx)
    opened = read_policies(paths, reading, screen)
    if enforce:
        opened = opened.enforced
    if asked is None:
        assert batch is not None
        return ask_many(opened, batch, screen)
    return ask_one(opened, asked, not not_owner, form, screen, context)
