"""Columns of text, as wide as the reader's screen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from lsmc.output.styled import Line, Piece, line

_GAP = "  "
_HANGING = "    "
#: No column of text becomes narrower than this many characters.
_NARROWEST = 8

#: On a screen narrower than this a table that does not fit is told as lists.
NARROW = 60

#: Where a text may be broken: after blanks and slashes.
_PARTS = re.compile(r"[^\s/]*(?:/+|\s+|$)")

Cell = str | Piece


def columns(
    heads: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    right: frozenset[int] = frozenset(),
    *,
    width: int | None = None,
    spare: Sequence[int] = (),
) -> Iterator[Line]:
    """A head line and the rows, padded; the head line is left out when no column has a head.

    Args:
        heads: what stands above each column.
        rows: a text, or a text and its role, for each column.
        right: the columns of numbers.
        width: how many characters a line may have; None means any number.
        spare: the columns to leave out, first to last, while the others do not fit.  What is still
            too wide is wrapped in its column.
    """
    for block in blocks(heads, rows, right, width=width, spare=spare):
        yield from block


def blocks(
    heads: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    right: frozenset[int] = frozenset(),
    *,
    width: int | None = None,
    spare: Sequence[int] = (),
) -> Iterator[list[Line]]:
    """The lines of each row of `columns`, the head first if there is one."""
    table = [[(head, "head") for head in heads]] if any(heads) else []
    table += [[cell if isinstance(cell, tuple) else (cell, "") for cell in row] for row in rows]
    texts = [[row[n][0] for row in table] for n in range(len(heads))]
    shown = list(range(len(heads)))
    widths = {n: max(map(len, texts[n]), default=0) for n in shown}
    for column in spare:
        if width is None or _total(widths[n] for n in shown) <= width:
            break
        shown.remove(column)
    widths = {n: widths[n] for n in shown}
    if width is not None:
        words = {n: max(map(_longest_word, texts[n]), default=0) for n in shown if n not in right}
        _narrow(widths, words, width)
        _narrow(widths, {n: max(map(_longest_part, texts[n]), default=0) for n in words}, width)
        if width < NARROW and _total(widths.values()) > width:
            rest = [[row[n] for n in shown] for row in table[any(heads) :]]
            yield from _stacked([heads[n] for n in shown], rest, width)
            return
        _narrow(widths, dict.fromkeys(words, _NARROWEST), width)
    for row in table:
        folded = [fold(row[n][0], widths[n]) for n in shown]
        yield [
            _line(
                [
                    (part.rjust(widths[n]) if n in right else part.ljust(widths[n]), row[n][1])
                    for n, part in zip(shown, parts, strict=True)
                ]
            )
            for parts in zip_longest(*folded, fillvalue="")
        ]


def _stacked(
    heads: Sequence[str], rows: Sequence[Sequence[Piece]], width: int
) -> Iterator[list[Line]]:
    """The rows as lists: each cell after its head, if it has one; then a blank line between."""
    for number, row in enumerate(rows):
        lines: list[Line] = [line()] if number and any(heads) else []
        for place, (head, (text, role)) in enumerate(zip(heads, row, strict=True)):
            if text:
                label = f"{head}: " if head else _GAP * bool(place)
                room = max(width - max(len(label), len(_HANGING)), _NARROWEST)
                first, *others = fold(text, room)
                lines.append(line((label, "head"), (first, role)))
                lines += (line(_HANGING, (part, role)) for part in others)
        yield lines


def _total(widths: Iterable[int]) -> int:
    """The characters of a row of columns."""
    found = list(widths)
    return sum(found) + len(_GAP) * (len(found) - 1)


def _longest_word(text: str) -> int:
    return max(map(len, text.split()), default=0)


def _longest_part(text: str) -> int:
    return max(len(part.rstrip()) for part in _PARTS.findall(text))


def _narrow(widths: dict[int, int], least: dict[int, int], width: int) -> None:
    """Make the widest columns narrower until all fit, none narrower than its least width."""
    for _ in range(_total(widths.values()) - width):
        wide = [n for n in least if widths[n] > least[n]]
        if not wide:
            return
        widths[max(wide, key=lambda n: widths[n])] -= 1


def fold(text: str, width: int | None) -> list[str]:
    """The rows of a text, broken between words or after a slash where that is possible."""
    if width is None or len(text) <= width:
        return [text]
    rows = [""]
    for part in _PARTS.findall(text):
        for piece in (part[at : at + width] for at in range(0, len(part), width)):
            if len(rows[-1]) + len(piece.rstrip()) > width:
                rows.append("")
            rows[-1] += piece if rows[-1] else piece.lstrip()
    return [row.rstrip() for row in rows]


def _line(cells: Sequence[Piece]) -> Line:
    """Cells side by side, without blanks at the end."""
    filled = list(cells)
    while filled and not filled[-1][0].strip():
        filled.pop()
    pieces: list[Piece] = []
    for number, (text, role) in enumerate(filled):
        last = number == len(filled) - 1
        bare = text.rstrip() if last else text
        pieces += [(_GAP, "")] * bool(number) + [(bare, role)]
    return tuple(pieces)
