"""Columns of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsmc.output.styled import Line, line


def columns(
    heads: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()
) -> Iterator[Line]:
    """A head line and the rows, padded; `right` are the columns of numbers."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    yield line((_row(heads, widths, right), "head"))
    for row in rows:
        yield line(_row(row, widths, right))


def _row(cells: Sequence[str], widths: Sequence[int], right: frozenset[int]) -> str:
    padded = (
        cell.rjust(width) if index in right else cell.ljust(width)
        for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join(padded).rstrip()
