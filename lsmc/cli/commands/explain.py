"""`lsmc explain`: why something is allowed or denied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lsmc.cli import completion
from lsmc.cli.contexts import context_options
from lsmc.cli.faults import NO, YES, UsageFault
from lsmc.cli.options import (
    Reading,
    enforce_option,
    format_option,
    policy_options,
    screen_of,
    screen_options,
)

if TYPE_CHECKING:
    from lsmc.stack.context import Context


@click.command("explain")
@click.argument("policy", metavar="POLICY")
@click.argument(
    "words",
    metavar="[SUBJECT OP [OBJECT] [KEY=VALUE...]]",
    nargs=-1,
    shell_complete=completion.question,
)
@click.option("--not-owner", is_flag=True, help="The subject does not own the object.")
@click.option(
    "--log",
    metavar="FILE",
    multiple=True,
    help="Explain the records of a log in place of a question; - is standard input.",
)
@click.option("--since", metavar="TIME", help="With --log: nothing older (2026-01-31T10:00, 2h).")
@click.option("--profile", metavar="GLOB", help="With --log: only these profiles.")
@click.option("--patch", is_flag=True, help="With --log: print a diff that allows what is denied.")
@click.option("--html", metavar="REPORT", help="Write a page to read in a browser instead.")
@enforce_option
@context_options
@format_option("text", "json", "jsonl")
@policy_options
@screen_options
@click.pass_context
def command(
    ctx: click.Context,
    policy: str,
    words: tuple[str, ...],
    not_owner: bool,
    log: tuple[str, ...],
    since: str | None,
    profile: str | None,
    patch: bool,
    html: str | None,
    enforce: bool,
    context: Context | None,
    form: str,
    reading: Reading,
) -> int:
    """Explain whether SUBJECT may do OP to OBJECT, and what would change the answer.

    Takes a question as `lsmc query` does.  Prints the rules that decided; for a denial also the
    rules that came closest, and the smallest rule that would allow it.  What is said of
    the process, the object, its directory and the modules is asked as `lsmc query` asks it.

    With --log the questions are those of a log's records, the same ones taken together: each is
    shown with its count, what this policy says to it, and rules that would allow it.
    """
    from lsmc.cli.ask import question
    from lsmc.cli.outputs import check_output
    from lsmc.cli.pages import PolicyFiles, page_library, write_page
    from lsmc.cli.reading import read_policy
    from lsmc.output.explanation import explanation_lines
    from lsmc.output.json import dumps
    from lsmc.output.json import explanation as to_json

    screen = screen_of(ctx)
    if html is not None:
        if patch or form != "text":
            raise UsageFault("--html goes with neither --patch nor --format")
        page_library()
        check_output(html)
    if log:
        from lsmc.cli.explaining import LogOptions, explain_log

        if words or not_owner or context is not None:
            raise UsageFault("--log takes its questions from the log")
        opened = read_policy(policy, reading, screen)
        if enforce:
            opened = opened.enforced
        wanted = LogOptions(
            policy=policy,
            logs=log,
            since=since,
            profile=profile,
            form=form,
            patch=patch,
            html=html,
        )
        return explain_log(opened, wanted, reading, screen)
    if since is not None or profile is not None or patch:
        raise UsageFault("--since, --profile and --patch go with --log")
    subject, op, obj, fields = question(words)
    opened = read_policy(policy, reading, screen)
    if enforce:
        opened = opened.enforced
    found = opened.explain(subject, op, obj, owner=not not_owner, context=context, **fields)
    if html is not None:
        page = page_library().question_page(found, PolicyFiles(reading.restrict), policy=policy)
        write_page(html, page, screen)
    elif form != "text":
        screen.text(dumps(to_json(found), indent=2 if form == "json" else None) + "\n")
    else:
        screen.rich(explanation_lines(found))
    return YES if found.verdict.allowed else NO
