"""`lsmc explain`: why something is allowed or denied."""

from __future__ import annotations

import click

from lsmc.cli.faults import NO, YES
from lsmc.cli.options import Reading, format_option, policy_options, screen_of, screen_options


@click.command("explain")
@click.argument("policy", metavar="POLICY")
@click.argument("words", metavar="SUBJECT OP [OBJECT] [KEY=VALUE...]", nargs=-1)
@click.option("--not-owner", is_flag=True, help="The subject does not own the object.")
@format_option("text", "json")
@policy_options
@screen_options
@click.pass_context
def command(
    ctx: click.Context,
    policy: str,
    words: tuple[str, ...],
    not_owner: bool,
    form: str,
    reading: Reading,
) -> int:
    """Explain whether SUBJECT may do OP to OBJECT, and what would change the answer.

    Takes a question as `lsmc query` does.  Prints the rules that decided; for a denial also the
    rules that came closest, and the smallest rule that would allow it.
    """
    from lsmc.cli.ask import question
    from lsmc.cli.reading import read_policy
    from lsmc.explainer import explain
    from lsmc.output.explanation import explanation_lines
    from lsmc.output.json import dumps
    from lsmc.output.json import explanation as to_json

    screen = screen_of(ctx)
    subject, op, obj, fields = question(words)
    opened = read_policy(policy, reading, screen)
    found = explain(opened, subject, op, obj, owner=not not_owner, **fields)
    if form == "json":
        screen.text(dumps(to_json(found), indent=2) + "\n")
    else:
        screen.rich(explanation_lines(found))
    return YES if found.verdict.allowed else NO
