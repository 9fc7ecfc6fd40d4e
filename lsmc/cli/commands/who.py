"""`lsmc who`: which subjects may do something."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from lsmc.cli.faults import NO, YES, UsageFault
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
    from collections.abc import Mapping

    from lsmc.analysis.access_search import Witness
    from lsmc.engine.verdict import Verdict
    from lsmc.explain.holders import Holder
    from lsmc.policy import Policy


@click.command("who")
@click.argument("policy", metavar="[POLICY]", required=False)
@click.argument("words", metavar="OP [OBJECT] [KEY=VALUE...]", nargs=-1)
@policy_paths_option
@click.option("--pattern", is_flag=True, help="OBJECT and fields are globs: any that they match.")
@booleans_option
@enforce_option
@format_option("text", "json")
@policy_options
@screen_options
@click.pass_context
def command(
    ctx: click.Context,
    policy: str | None,
    words: tuple[str, ...],
    paths: tuple[str, ...],
    pattern: bool,
    enforce: bool,
    booleans: dict[str, bool],
    form: str,
    reading: Reading,
) -> int:
    """Show which subjects may do OP to OBJECT.

    Every profile of the policy is asked, and told apart are those that may by their rules, only by
    complain mode, and since they confine nothing.  Programs without a profile are not confined and
    not listed.  Without POLICY this machine's own is asked.  With --pattern OBJECT is a glob, and
    whether a subject may do OP to any object that it matches is decided exactly, with an example.
    Exit status: 0 somebody may, 1 nobody.
    """
    from lsmc.cli.ask import question
    from lsmc.cli.machine import policy_of
    from lsmc.cli.reading import working
    from lsmc.explain.holders import holders
    from lsmc.output.holders import holder_lines, to_json
    from lsmc.output.json import dumps

    screen = screen_of(ctx)
    if policy is not None and not paths and "/" not in policy and not os.path.exists(policy):
        if any("=" not in word for word in words[1:]):
            raise UsageFault(f"`{policy}`: no such file or directory")
        words, policy = (policy, *words), None  # an OP
    paths, words = named(policy, paths, words)
    if not words:
        raise UsageFault("missing OP: [POLICY] OP [OBJECT] [KEY=VALUE...]")
    _, op, obj, fields = question(("", *words), booleans, reading.settings)
    opened, _ = policy_of(paths, reading, screen)
    judge = opened.enforced if enforce else opened

    def ask(subject: str, owner: bool) -> Verdict:
        return judge.query(subject, op, obj, owner=owner, **fields)

    with working(screen, "asking profiles"):
        # a search of a module's own finds those as well who may under conditions that nobody told
        if pattern or (judge.module.searches is not None and not fields):
            found = _matching(judge, op, obj, fields)
        else:
            found = holders(opened.profiles, ask)
    if form == "json":
        screen.text(dumps(to_json(found), indent=2) + "\n")
    else:
        screen.show(holder_lines(found, len(opened), screen.width))
    return YES if found else NO


def _matching(policy: Policy, op: str, glob: str, fields: Mapping[str, str]) -> list[Holder]:
    """The subjects that may do an operation to some object of a glob, each with an example."""
    from lsmc.analysis.permitted import Undecided
    from lsmc.automata.dfa import StateLimit
    from lsmc.explain.holders import paired

    module = policy.module
    search = module.search(policy.engine, "`who --pattern`")
    globs = {name: (text,) for name, text in fields.items()}

    def witnesses(owner: bool) -> dict[str, Witness]:
        sought = search.sought(op, (glob,) if glob else (), globs, owner)
        return {one.subject: one for one in search.witnesses(policy.profiles, sought)}

    try:
        return paired(witnesses(True), witnesses(False))
    except (StateLimit, Undecided):
        raise UsageFault(f"`{glob}` is too complex to be decided exactly: narrow it") from None
