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
@click.option(
    "--subject",
    "subjects",
    metavar="MODULE=NAME",
    multiple=True,
    help="With --policy MODULE=PATH: who asks, by this module's names.",
)
@click.option(
    "--object",
    "objects",
    metavar="MODULE=NAME",
    multiple=True,
    help="Likewise, the object by this module's names, where OBJECT is not.",
)
@click.option(
    "--directory",
    "directories",
    metavar="MODULE=NAME",
    multiple=True,
    help="Likewise, the directory that holds the object.",
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
    subjects: tuple[str, ...],
    objects: tuple[str, ...],
    directories: tuple[str, ...],
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

    Several modules with policy are asked together: --policy MODULE=PATH for each, --lsm for the
    order, --subject MODULE=NAME where they name SUBJECT in their own way.  Then OP is an operation
    that all of them know (open, unlink, connect, ...), and the answer tells who refuses first.
    """
    from lsmc.cli.ask import ask_many, ask_one, question
    from lsmc.cli.reading import read_policies
    from lsmc.cli.stacking import StackOptions, ask_stack, of_modules

    paths, words = named(policy, paths, words)
    if not paths:
        raise click.UsageError("missing argument 'POLICY'")
    if batch is not None and (words or not_owner or booleans or context is not None):
        raise click.UsageError("--batch takes its questions from the file")
    by_module = of_modules(paths)
    named_parts = StackOptions(subjects, objects, directories)
    if by_module:
        if batch is not None or not_owner or booleans:
            raise click.UsageError("several modules take no --batch, --not-owner or --boolean")
        screen = screen_of(ctx)
        return ask_stack(
            by_module, words, named_parts, context, form, reading, screen, enforce=enforce
        )
    if any(named_parts):
        raise click.UsageError("--subject, --object and --directory go with --policy MODULE=PATH")
    asked = question(words, booleans, reading.settings) if batch is None else None
    screen = screen_of(ctx)
    opened = read_policies(paths, reading, screen)
    if enforce:
        opened = opened.enforced
    if asked is None:
        assert batch is not None
        return ask_many(opened, batch, screen)
    return ask_one(opened, asked, not not_owner, form, screen, context)
