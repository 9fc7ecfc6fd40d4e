"""Diagnostics for people: place, message, the source line with a mark under it, and help."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span
from lsmc.output.styled import Line, line, safe

#: Characters of a source line that are shown; longer lines are cut around the place.
WIDTH = 120
_BEFORE = 24
_TAB = "    "
_ROLE = {"error": "bad", "warning": "warn", "info": "where"}


def diagnostic_lines(diagnostic: Diagnostic) -> Iterator[Line]:
    """A diagnostic in full."""
    role = _ROLE[diagnostic.severity]
    yield line(
        (_place(diagnostic.span), "where"),
        (f"{diagnostic.severity}: ", role),
        safe(diagnostic.message),
        (f" [{diagnostic.code}]", "dim"),
    )
    if diagnostic.span is not None:
        yield from excerpt(diagnostic.span)
    for label in diagnostic.related:
        yield line(("  ", ""), (_place(label.span), "where"), f"note: {safe(label.message)}")
    yield from _help(diagnostic.help)


def fault_lines(span: Span, message: str, help: str) -> Iterator[Line]:
    """A fault in a file that is not policy."""
    yield line((_place(span), "where"), ("error: ", "bad"), safe(message))
    yield from excerpt(span)
    yield from _help(help)


def _help(text: str) -> Iterator[Line]:
    if text:
        yield line(("  help: ", "head"), safe(text))


def _place(span: Span | None) -> str:
    if span is None:
        return ""
    location = span.location()
    return f"{safe(location.file)}:{location.line}:{location.column}: "


def excerpt(span: Span) -> Iterator[Line]:
    """The first source line of a span, and a mark under what it covers."""
    location = span.location()
    text = span.source.line_text(location.line)
    start = location.column - 1  # in characters, as `text` is
    if not text or start > len(text):
        return
    end = location.end_column - 1 if location.end_line == location.line else len(text)
    # no more of the line is looked at than can be shown: there may be thousands of places in it
    cut = max(0, start - _BEFORE) if len(_expand(text[: WIDTH + 1])) > WIDTH else 0
    before = ("…" if cut else "") + _expand(text[cut:start])
    after = _expand(text[start : start + WIDTH + 1])
    room = WIDTH - len(before)
    shown = before + (after if len(after) <= room else after[:room] + "…")
    marked = _expand(text[start : max(start + 1, min(end, start + WIDTH))].rstrip())[:room] or " "
    yield line((f"{location.line:>5} | ", "dim"), shown)
    yield line(("      | ", "dim"), " " * _width(before), ("^" * _width(marked), "mark"))


def _expand(text: str) -> str:
    return safe(text.replace("\t", _TAB))


def _width(text: str) -> int:
    """The columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )
