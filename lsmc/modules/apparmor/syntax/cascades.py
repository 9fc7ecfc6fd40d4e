"""One mistake that would be told many times: a brace too many ends a profile before its rules."""

from __future__ import annotations

from collections.abc import Sequence

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.base.source import Span, to_display
from lsmc.modules.apparmor.errors import error
from lsmc.modules.apparmor.syntax import ast

_INNER = (ast.Rule, ast.Rlimit, ast.Block, ast.If)


def rejoined(
    items: Sequence[ast.Item], stray: Span, problems: Sequence[Diagnostic]
) -> tuple[list[ast.Item], Diagnostic] | None:
    """The items of a file before a brace that closes nothing, and what is wrong with them.

    What stands behind a profile is taken into it, if rules are among it: it was meant to go on to
    that brace.  None where no rule follows a profile, or where one of `problems` may be why.
    """
    first = next((at for at, one in enumerate(items) if isinstance(one, _INNER)), 0)
    before = next((at for at in range(first)[::-1] if isinstance(items[at], ast.Profile)), None)
    if before is None:
        return None
    profile = items[before]
    assert isinstance(profile, ast.Profile)
    if _after(problems, profile):
        return None
    end = profile.span._replace(start=profile.span.end - 1)
    name, line = to_display(profile.name.text), end.location().line
    problem = error(
        "unexpected-text",
        end,
        f"profile `{name}` ended at line {line}: one `}}` too many",
        "remove this one, or the last one",
        (
            Label(items[first].span, "this stands outside of the profile"),
            Label(stray, "this `}` closes nothing"),
        ),
    )
    body = (*profile.body, *items[before + 1 :])
    whole = profile._replace(body=body, span=profile.span.to(stray))
    return [*items[:before], whole], problem


def _after(problems: Sequence[Diagnostic], profile: ast.Profile) -> bool:
    span = problems[-1].span if problems else None
    return span is not None and span.start >= profile.span.end
