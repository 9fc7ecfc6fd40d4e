"""The fix that takes a statement out of its file."""

from __future__ import annotations

from lsmc.base.diagnostics import Edit, Fix
from lsmc.base.source import Span
from lsmc.modules.selinux.lint.tree import Tree
from lsmc.modules.selinux.places import COPIED


def removal(tree: Tree, place: int) -> Fix | None:
    """Take an allow rule out; None for one that was copied, or is several rules of the policy."""
    if place >= COPIED or tree.rules_at[place] != 1:
        return None
    return Fix("remove the rule", (Edit(_whole(tree.span(place)), ""),))


def _whole(span: Span) -> Span:
    """A statement with its line, where it stands alone there, else with the blanks before it."""
    text, start, end = span.source.text, span.start, span.end
    while start and text[start - 1] in " \t":
        start -= 1
    while text[end : end + 1] in (" ", "\t"):
        end += 1
    alone = not start or text[start - 1] == "\n"
    if alone and text[end : end + 1] == "\n":
        return span._replace(start=start, end=end + 1)
    return span if alone else span._replace(start=start)
