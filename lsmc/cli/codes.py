"""Shell completion of codes on the command line."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem


def complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Codes that complete the last item of a comma-separated list; names for lower case."""
    from lsmc.modules.registry import lints

    done, comma, last = incomplete.rpartition(",")
    found = [pair for lint in lints() for pair in lint.names.items()]
    if last[:1].islower():
        pairs = [(name, code) for code, name in found]
    else:
        pairs = found
    return [
        CompletionItem(f"{done}{comma}{word}", help=about)
        for word, about in pairs
        if word.startswith(last)
    ]
