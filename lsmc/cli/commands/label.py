"""`lsmc label`: the label that the policy gives to an object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lsmc.cli.faults import NO, YES, UsageFault
from lsmc.cli.options import (
    Reading,
    booleans_option,
    format_option,
    named,
    policy_options,
    policy_paths_option,
    screen_of,
    screen_options,
)

if TYPE_CHECKING:
    from lsmc.engine.label import Label
    from lsmc.policy import Policy

#: The words that follow each kind of label.
_NEEDS = {
    "transition": ("SUBJECT", "OBJECT", "CLASS"),
    "member": ("SUBJECT", "OBJECT", "CLASS"),
    "change": ("SUBJECT", "OBJECT", "CLASS"),
    "port": ("PROTOCOL:PORT",),
    "genfs": ("FILESYSTEM:PATH",),
    "fs": ("FILESYSTEM",),
    "file": ("PATH",),
}


@click.command("label")
@click.argument("policy", metavar="[POLICY]", required=False)
@click.argument("words", metavar="KIND WORD...", nargs=-1)
@policy_paths_option
@click.option("--name", metavar="NAME", help="The name of the new object, for `transition`.")
@click.option(
    "--type",
    "kind_of_file",
    type=click.Choice(("file", "dir", "char", "block", "fifo", "link", "socket")),
    help="What PATH is [anything].",
)
@booleans_option
@format_option("text", "json")
@policy_options
@screen_options
@click.pass_context
def command(
    ctx: click.Context,
    policy: str | None,
    words: tuple[str, ...],
    paths: tuple[str, ...],
    name: str | None,
    kind_of_file: str | None,
    booleans: dict[str, bool],
    form: str,
    reading: Reading,
) -> int:
    """Show the label that the policy gives to an object.

    \b
    transition SUBJECT OBJECT CLASS   of a new object in OBJECT, or of a program
    member SUBJECT OBJECT CLASS       of a member of a polyinstantiated object
    change SUBJECT OBJECT CLASS       of an object that is relabelled
    file PATH                         of a file, by the file contexts
    port tcp:80                       of a port
    genfs proc:/sys/kernel            of a file in a file system without labels
    fs ext4                           of a file system

    Exit status: 0, or 1 when there is none or the kernel refuses it as invalid.
    """
    from lsmc.cli.reading import read_policies
    from lsmc.output.json import dumps, rule
    from lsmc.output.styled import line, safe
    from lsmc.output.verdict import rule_lines

    screen = screen_of(ctx)
    paths, words = named(policy, paths, words)
    if not paths:
        raise click.UsageError("missing argument 'POLICY'")
    opened = read_policies(paths, reading, screen)
    found = _label(opened, words, name, kind_of_file, booleans)
    if form == "json":
        facts: dict[str, Any] = {"label": None, "valid": False, "rules": [], "note": ""}
        if found is not None:
            rules = [rule(one) for one in found.rules]
            facts = {"label": str(found), "valid": found.valid, "rules": rules, "note": found.note}
        screen.text(dumps(facts) + "\n")
    elif found is None:
        screen.show([line("no label: the policy names none")])
    else:
        screen.show([line((safe(found), "good" if found.valid else "bad"))])
        reasons = [found.note] if found.note else []
        if not found.valid:
            reasons.append("no such context can be: the kernel refuses it (EACCES)")
        screen.show(line(f"  {safe(reason)}") for reason in reasons)
        for one in found.rules:
            screen.show(rule_lines(one, "  "))
    return YES if found is not None and found.valid else NO


def _label(
    policy: Policy,
    words: tuple[str, ...],
    name: str | None,
    kind_of_file: str | None,
    booleans: dict[str, bool],
) -> Label | None:
    kind, *rest = words if words and not words[0].startswith("/") else ("file", *words)
    needs = _NEEDS.get(kind)
    if needs is None:
        raise UsageFault(f"`{kind}` is not a kind of label: {', '.join(_NEEDS)}")
    if len(rest) != len(needs):
        raise UsageFault(f"`{kind}` takes {' '.join(needs)}")
    if name is not None and kind != "transition":
        raise UsageFault("--name goes with `transition`")
    if kind_of_file is not None and kind != "file":
        raise UsageFault("--type goes with `file`")
    if kind == "file":
        return policy.file_label(rest[0], kind_of_file)
    if len(needs) == 1:
        return policy.label(kind, object=rest[0], booleans=booleans)
    subject, obj, cls = rest
    return policy.label(kind, subject, obj, cls, name, booleans=booleans)
