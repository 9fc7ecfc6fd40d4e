"""`lsmc rule`: what a code means."""

from __future__ import annotations

import click

from lsmc.cli import completion
from lsmc.cli.faults import YES, UsageFault
from lsmc.cli.options import format_option, screen_of, screen_options


@click.command("rule")
@click.argument("codes", metavar="[CODE...]", nargs=-1, shell_complete=completion.codes)
@click.option("--all", "every", is_flag=True, help="Print the page of every code.")
@format_option("text", "markdown", "json")
@screen_options
@click.pass_context
def command(ctx: click.Context, /, codes: tuple[str, ...], every: bool, form: str) -> int:
    """Explain a code of `lsmc lint`: what it finds, why that is bad, and how to fix it.

    CODE is a code, a name or the beginning of codes, such as LSM1.  Without one, all are listed.
    """
    from lsmc.lint.rule_docs import pages
    from lsmc.lint.selection import code_of
    from lsmc.modules.registry import lints
    from lsmc.output import rules

    if codes and every:
        raise UsageFault("--all takes no CODE")
    every_page = {code: page for lint in lints() for code, page in pages(lint).items()}
    known = {code: page.name for code, page in every_page.items()}
    try:
        prefixes = tuple(code_of(word, known) for word in codes) if not every else ("",)
    except ValueError as fault:
        raise UsageFault(str(fault)) from None
    found = [page for code, page in every_page.items() if not prefixes or code.startswith(prefixes)]
    screen = screen_of(ctx)
    if form == "json":
        screen.text(rules.json(found))
    elif form == "markdown":
        screen.text(rules.markdown(found))
    elif prefixes:
        screen.show(rules.lines(found, screen.width))
    else:
        screen.show(rules.listing(found, screen.width))
    return YES
