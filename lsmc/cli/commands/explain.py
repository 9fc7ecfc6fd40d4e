"""`lsmc explain`: why something is allowed or denied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lsmc.cli import completion
from lsmc.cli.contexts import context_options
from lsmc.cli.faults import NO, YES, UsageFault
from lsmc.cli.machine import OWN_LOGS, check_names, policy_of
from lsmc.cli.options import (
    Reading,
    booleans_option,
    enforce_option,
    named,
    policy_options,
    policy_paths_option,
    screen_of,
    screen_options,
)

if TYPE_CHECKING:
    from lsmc.cli.screen import Screen
    from lsmc.explain.choice import Take
    from lsmc.stack.context import Context


class _Explain(click.Command):
    """Takes `--patch` without a value, as the value follows a `=` alone."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments."""
        end = args.index("--") if "--" in args else len(args)
        options = ["--patch=exact" if arg == "--patch" else arg for arg in args[:end]]
        return super().parse_args(ctx, options + args[end:])


@click.command("explain", cls=_Explain)
@click.argument("policy", metavar="[POLICY]", required=False)
@click.argument(
    "words",
    metavar="[SUBJECT OP [OBJECT] [KEY=VALUE...]]",
    nargs=-1,
    shell_complete=completion.question,
)
@policy_paths_option
@click.option("--not-owner", is_flag=True, help="The subject does not own the object.")
@click.option(
    "--log",
    metavar="[FILE]",
    multiple=True,
    is_flag=False,
    flag_value=OWN_LOGS,
    help="Explain the records of a log in place of a question: a file, a directory, - for standard"
    " input; this machine's own when it comes last without a FILE.",
)
@click.option("--since", metavar="TIME", help="With --log: nothing older (2026-01-31T10:00, 2h).")
@click.option(
    "--profile",
    metavar="GLOB",
    help="With --log: only these profiles, by name or the last part of it.",
)
@click.option(
    "--patch",
    type=click.Choice(("exact", "general", "all")),
    help="With --log: print a diff that allows what is denied, by the smallest rules (the default)"
    " or by rules for its kind; all: also what is dangerous.",
)
@click.option("--limit", metavar="N", type=click.IntRange(0), help="With --log: only the first N.")
@click.option("-v", "--verbose", is_flag=True, help="With --log: the whole story of each cause.")
@click.option("--html", metavar="REPORT", help="Write a page to read in a browser instead.")
@booleans_option
@enforce_option
@context_options
@click.option(
    "--format",
    "form",
    type=click.Choice(("short", "text", "json", "jsonl", "html")),
    help="How to print the answer [text; for a log on a terminal short, a table].",
)
@policy_options
@screen_options
@click.pass_context
def command(
    ctx: click.Context,
    policy: str | None,
    words: tuple[str, ...],
    paths: tuple[str, ...],
    not_owner: bool,
    log: tuple[str, ...],
    since: str | None,
    profile: str | None,
    patch: Take | None,
    limit: int | None,
    verbose: bool,
    html: str | None,
    enforce: bool,
    booleans: dict[str, bool],
    context: Context | None,
    form: str | None,
    reading: Reading,
) -> int:
    """Explain whether SUBJECT may do OP to OBJECT, and what would change the answer.

    Takes a question as `lsmc query` does.  Prints the rules that decided; for a denial also the
    rules that came closest, and the smallest rule that would allow it.  What is said of
    the process, the object, its directory and the modules is asked as `lsmc query` asks it.

    With --log the questions are those of a log's records, the same ones taken together: each is
    shown with its count, what this policy says to it, and rules that would allow it.  Without a
    POLICY that is the policy of this machine; `lsmc explain --log` alone explains its own log.
    """
    from lsmc.cli.ask import question
    from lsmc.cli.outputs import check_output
    from lsmc.cli.pages import page_library

    screen = screen_of(ctx)
    paths, words = named(policy, paths, words)
    if verbose and form not in (None, "text"):
        raise UsageFault(f"-v and --format {form} exclude each other")
    if patch and form not in (None, "text", "html"):
        raise UsageFault(f"--patch and --format {form} exclude each other")
    form = "text" if verbose else form
    if html is not None or form == "html":
        if patch or (html is not None and form is not None):
            raise UsageFault("a page goes with neither --patch nor another --format")
        page_library()
        check_output(html or "-")
    if log:
        from lsmc.cli.explaining import LogOptions, explain_log

        check_names(paths, log)
        if words or not_owner or booleans or context is not None:
            raise UsageFault(
                "--log takes its questions from the log; for several logs write --log before each,"
                " for several paths of policy --policy"
            )
        wanted = LogOptions(
            policy=paths,
            logs=log,
            enforce=enforce,
            since=since,
            profile=profile,
            form=form,
            patch=patch,
            html=html,
            limit=limit,
        )
        return explain_log(wanted, reading, screen)
    if since is not None or profile is not None or patch or limit is not None or form == "short":
        raise UsageFault("--since, --profile, --patch, --limit and `short` go with --log")
    if not paths:
        raise UsageFault("missing POLICY; only --log explains this machine's own")
    return _explain_question(
        paths,
        question(words, booleans, reading.settings),
        context,
        reading,
        screen,
        owner=not not_owner,
        enforce=enforce,
        form=form,
        html=html,
    )


def _explain_question(
    paths: tuple[str, ...],
    asked: tuple[str, str, str, dict[str, Any]],
    context: Context | None,
    reading: Reading,
    screen: Screen,
    *,
    owner: bool,
    enforce: bool,
    form: str | None,
    html: str | None,
) -> int:
    from lsmc.cli.pages import PolicyFiles, page_library, write_page
    from lsmc.output.explanation import explanation_lines
    from lsmc.output.json import dumps
    from lsmc.output.json import explanation as to_json

    subject, op, obj, fields = asked
    opened, reading = policy_of(paths, reading, screen)
    if enforce:
        opened = opened.enforced
    found = opened.explain(subject, op, obj, owner=owner, context=context, **fields)
    if html is not None or form == "html":
        page = page_library().question_page(
            found, PolicyFiles(reading.restrict), policy=opened.name
        )
        write_page(html or "-", page, screen)
    elif form in ("json", "jsonl"):
        screen.text(dumps(to_json(found), indent=2 if form == "json" else None) + "\n")
    else:
        screen.rich(explanation_lines(found))
    return YES if found.verdict.allowed else NO
