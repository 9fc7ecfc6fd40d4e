"""The files of a Smack policy as smackfs reads them: words, and rows of words.

A file is written to smackfs whole.  The kernel takes at most a page of what is written, cut after
its last line end, and the writer goes on from there (`smk_write_rules_list`).  Lines mean nothing
else: a rule is the next three words, a change the next four (`smk_parse_long_rule`).  A NUL ends
the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source, Span
from lsmc.modules.smack.errors import error

#: Bytes that the kernel takes of one write: a page without the zero that it adds.
PAGE = 4095
#: A word between spaces; 0xa0 is a space to the kernel (lib/ctype.c).
_WORD = re.compile("[^\t-\r \xa0]+")
_LINE = re.compile("[^\n]+")

#: What a file of policy holds: rules, changes of rules, or the value of another file of smackfs.
Kind = Literal["accesses", "change-rule", "unconfined", "onlycap", "cipso", "netlabel"]
_COLUMNS = ("subject", "object", "access")
_CHANGE_COLUMNS = ("subject", "object", "added access", "removed access")


class Row(NamedTuple):
    """The words of one row."""

    words: tuple[Span, ...]

    @property
    def span(self) -> Span:
        """From the first word to the last."""
        return self.words[0].to(self.words[-1])

    @property
    def text(self) -> str:
        """The words with one space between them."""
        return " ".join(word.text for word in self.words)


def rows(source: Source, changes: bool) -> tuple[list[Row], list[Diagnostic]]:
    """The rows of a source of rules or of changes, and why the kernel refuses the rest of it."""
    columns = _CHANGE_COLUMNS if changes else _COLUMNS
    width = len(columns)
    found: list[Row] = []
    for start, end in _writes(source.text):
        words = list(_words(source, start, end))
        nul = source.text.find("\0", start, end)
        count = len(words) - len(words) % width
        found += map(Row, zip(*(words[column:count:width] for column in range(width)), strict=True))
        fault = _fault(source, start, end, words[count:], columns, nul)
        if fault is not None:
            return found, [fault]
    return found, []


def _writes(text: str) -> Iterator[tuple[int, int]]:
    """Where each part begins and ends that the kernel takes in one write."""
    start, size = 0, len(text)
    while start < size:
        end = size
        if size - start > PAGE:
            end = text.rfind("\n", start, start + PAGE) + 1
            if end <= start:
                end = start + PAGE
        yield start, end
        start = end


def _words(source: Source, start: int, end: int) -> Iterator[Span]:
    stop = source.text.find("\0", start, end)
    for match in _WORD.finditer(source.text, start, end if stop < 0 else stop):
        yield Span(source, match.start(), match.end())


def _fault(
    source: Source, start: int, end: int, rest: list[Span], columns: tuple[str, ...], nul: int
) -> Diagnostic | None:
    """Why the kernel refuses the rest of a part: its last row is short, or it cannot be cut."""
    text = source.text
    if nul >= 0:
        return error(
            "row",
            Span(source, nul, nul + 1),
            "the kernel reads no further than this NUL byte",
            "a file of rules is text: remove the byte",
        )
    if end < len(text) and text[end - 1] != "\n":
        return error(
            "row",
            Span(source, start, end),
            f"a line of more than {PAGE} bytes: the kernel takes no part of it",
            "write each rule on a line of its own",
        )
    if rest:
        there = ", ".join(
            f"{name} `{word.text}`" for name, word in zip(columns, rest, strict=False)
        )
        message = f"a row ends too early: {there}, but no {columns[len(rest)]}"
        advice = f"write a row as {' '.join(name.upper().replace(' ', '-') for name in columns)}"
        if end < len(text):
            advice += f"; rows end within {PAGE} bytes, at the line end where the kernel cuts"
        return error("row", rest[0].to(rest[-1]), message, advice)
    if not text[start:end].strip("\t\n\v\f\r \xa0"):
        return error(
            "row",
            Span(source, start, start),
            "no row: the kernel refuses a text of spaces alone",
            "remove the file, or leave it empty",
        )
    return None


def lines(source: Source) -> Iterator[list[Span]]:
    """The words of each line of a source that has some."""
    for line in _LINE.finditer(source.text):
        words = list(_words(source, line.start(), line.end()))
        if words:
            yield words
