"""The edit that takes a rule out of a text, with the comments that are about it alone."""

from __future__ import annotations

import re

from lsmc.base.diagnostics import Edit, Fix
from lsmc.base.source import Span

_COMMENT = re.compile(r"[ \t]*#(?!include\b)")


def without(span: Span, title: str) -> Fix:
    """Take a rule out.

    Its line goes too where nothing but a comment stands behind it.  Comments above it go with it
    where the paragraph holds nothing else: comments above several rules are about them all.
    """
    text = span.source.text
    start = text.rfind("\n", 0, span.start) + 1
    end = _next(text, span.end)
    behind = text[span.end : end].strip()
    if text[start : span.start].strip() or not (not behind or behind.startswith("#")):
        return Fix(title, (Edit(_among_others(span), ""),))
    first = start
    while first and _COMMENT.match(above := _above(text, first)):
        first -= len(above)
    if first and _ends_paragraph(text, end) and _begins_paragraph(text, first):
        start = first
    if start and not _above(text, start).strip():  # a blank line stands before what goes
        after = text[end : _next(text, end)]
        if not after.strip():
            end += len(after)
        elif after.lstrip().startswith("}"):
            start -= len(_above(text, start))
    return Fix(title, (Edit(span._replace(start=start, end=end), ""),))


def _among_others(span: Span) -> Span:
    """A rule on a line with others, with the blanks that part it from them."""
    text, start, end = span.source.text, span.start, span.end
    while text[end : end + 1] in (" ", "\t"):
        end += 1
    if text[end : end + 1] in ("", "\r", "\n"):
        end = span.end
        while start and text[start - 1] in " \t":
            start -= 1
    return span._replace(start=start, end=end)


def _begins_paragraph(text: str, at: int) -> bool:
    above = _above(text, at).rstrip()
    return not above or above.endswith("{")


def _ends_paragraph(text: str, at: int) -> bool:
    line = text[at : _next(text, at)].strip()
    return not line or line.startswith("}")


def _above(text: str, at: int) -> str:
    """The line before the one that begins at an offset."""
    return text[text.rfind("\n", 0, max(at - 1, 0)) + 1 : at]


def _next(text: str, at: int) -> int:
    """Where the line behind the one at an offset begins."""
    return text.find("\n", at) + 1 or len(text)
