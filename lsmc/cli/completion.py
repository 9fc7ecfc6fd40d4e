"""What the shell offers for a word of the command line: codes, subjects and operations.

A completion answers at once or not at all: subjects come from a bundle, or from source that the
cache holds compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from lsmc.policy import Policy

#: Policy of more source files than this is not compiled for a completion.
_MOST_FILES = 200


def codes(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
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


def operations(
    ctx: click.Context, _: click.Parameter | None, incomplete: str
) -> list[CompletionItem]:
    """The operations of the module that is meant."""
    from lsmc.modules.registry import DEFAULT, module_named

    known = module_named(ctx.params.get("module") or DEFAULT).operations()
    summaries = {op.name: op.summary for op in reversed(known)}
    return [
        CompletionItem(name, help=summaries[name])
        for name in dict.fromkeys(op.name for op in known)
        if name.startswith(incomplete)
    ]


def subjects(
    ctx: click.Context, _: click.Parameter | None, incomplete: str
) -> list[CompletionItem]:
    """The subjects of the POLICY on the command line."""
    policy = _policy(ctx)
    if policy is None:
        return []
    return [CompletionItem(name) for name in policy.profiles if name.startswith(incomplete)]


def question(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The words of `SUBJECT OP OBJECT`."""
    words = _question(ctx)[1]
    if not words:
        return subjects(ctx, param, incomplete)
    if len(words) == 1:
        return operations(ctx, param, incomplete)
    return [CompletionItem(incomplete, type="file")]


def _question(ctx: click.Context) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paths of policy on the command line, and the words of a question."""
    from lsmc.cli.options import named

    words = tuple(ctx.params.get("words") or ())
    return named(ctx.params.get("policy"), tuple(ctx.params.get("paths") or ()), words)


def _policy(ctx: click.Context) -> Policy | None:
    """The POLICY on the command line, when it can be had at once and without a fault."""
    import os

    from lsmc.base.errors import Error
    from lsmc.cli.bundles import is_bundle, open_bundle
    from lsmc.cli.options import default_cache
    from lsmc.cli.screen import Screen
    from lsmc.compiler.cache.store import compile_cached
    from lsmc.compiler.inputs import Given
    from lsmc.modules.registry import module_of
    from lsmc.policy import Policy

    paths = list(_question(ctx)[0])
    try:
        if len(paths) == 1 and is_bundle(paths[0]):
            return open_bundle(paths[0], Screen())
        folders = filter(os.path.isdir, paths)
        if sum(len(os.listdir(path)) for path in folders) > _MOST_FILES:
            return None
        options = Given(ctx.params.get("base"), ctx.params.get("include") or ()).options()
        compiler = module_of(paths, ctx.params.get("module")).compiler
        data, _ = compile_cached(paths, options, compiler=compiler, directory=default_cache())
        return Policy(data)
    except (Error, OSError):
        return None
