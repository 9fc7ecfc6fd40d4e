"""A rule in its file: the lines round it, with the rule itself marked.

The file may have changed since it was compiled, so the rule's text is looked for at its place;
where it is not, nothing is shown rather than the wrong lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from lsmc.base.source import Source
from lsmc.engine.verdict import RuleRef

#: Lines shown before and after a rule, and lines that a rule may take.
_AROUND = 2
_LONGEST = 24
_TAB = "    "

#: Gives the text of a policy file, None when it cannot be read.
Read = Callable[[str], Source | None]


class ListingRow(NamedTuple):
    """A line of a file in three parts, of which the second is the rule's."""

    number: int
    before: str
    marked: str
    after: str


def listing(ref: RuleRef, read: Read) -> tuple[ListingRow, ...]:
    """The lines round a rule; empty when the file does not hold it any more."""
    source = read(ref.file)
    words = ref.text.split()
    if source is None or not words:
        return ()
    lines = [source.line_text(ref.line + n) for n in range(_LONGEST)]
    pattern = re.compile(r"\s+".join(re.escape(word) for word in words))
    match = pattern.match("\n".join(lines), ref.column - 1)
    if match is None:
        return ()
    rows = [_plain(source, number) for number in range(ref.line - _AROUND, ref.line)]
    at = 0
    last = ref.line
    for number, text in enumerate(lines, ref.line):
        start, end = (min(max(edge - at, 0), len(text)) for edge in match.span())
        at += len(text) + 1
        if number > ref.line:  # the indent of a line is not part of the rule
            start = len(text) - len(text.lstrip()) if end else 0
        rows.append(ListingRow(number, *map(_shown, (text[:start], text[start:end], text[end:]))))
        last = number
        if at >= match.end():
            break
    rows += [_plain(source, number) for number in range(last + 1, last + 1 + _AROUND)]
    whole = [row for row in rows if row is not None]
    return tuple(whole)


def _plain(source: Source, number: int) -> ListingRow | None:
    """A line beside the rule, None beyond either end of the file."""
    if not 1 <= number <= source.position(len(source.text))[0]:
        return None
    return ListingRow(number, _shown(source.line_text(number)), "", "")


def _shown(text: str) -> str:
    return text.replace("\t", _TAB)
