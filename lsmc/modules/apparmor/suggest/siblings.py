"""Paths of one kind as one pattern.

Paths that differ in numbers only are of one kind (`/srv/x1/y`, `/srv/x2/y`: `/srv/x[0-9]*/y`).
Others are where three or more differ in one component, and agree there in what stands before or
behind, or in a component that follows.  What such a pattern opens besides is for the caller to find
out.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

NUMBER = "[0-9]*"
#: Components of a path beyond which it is of no kind but by its numbers.
_DEEPEST = 32
#: Values of a component that make any other one likely.
_MANY = 3
#: What of a pattern holds no number of its own, or a number.
_PIECE = re.compile(r"\\x..|\\.|\[[^\]]*\]|@\{[^}]*\}|([0-9]+)", re.DOTALL)


class Family(NamedTuple):
    """A pattern, and the numbers of the paths that it stands for."""

    pattern: str
    members: tuple[int, ...]


class _Entry(NamedTuple):
    parts: tuple[str, ...]
    members: tuple[int, ...]


def families(paths: Sequence[str]) -> Iterator[Family]:
    """The patterns for paths of which several have one; the paths may be patterns themselves."""
    by_length: dict[int, list[_Entry]] = {}
    for pattern, members in _numbered(paths):
        parts = tuple(pattern.split("/"))
        by_length.setdefault(len(parts), []).append(_Entry(parts, members))
    for entries in by_length.values():
        merged = entries
        while len(merged[0].parts) <= _DEEPEST and (fewer := _merged(merged)):
            merged = fewer
        for entry in merged:
            if len(entry.members) > 1:
                yield Family("/".join(entry.parts), tuple(sorted(entry.members)))


def _numbered(paths: Sequence[str]) -> Iterator[Family]:
    """Paths that differ in numbers only are one."""
    shapes: dict[tuple[str, ...], list[int]] = {}
    pieces = [_pieces(path) for path in paths]
    for number, some in enumerate(pieces):
        shapes.setdefault(tuple(some[::2]), []).append(number)
    for members in shapes.values():
        columns = zip(*(pieces[number] for number in members), strict=True)
        text = "".join(column[0] if len(set(column)) == 1 else NUMBER for column in columns)
        yield Family(text, tuple(members))


def _pieces(path: str) -> list[str]:
    """Text and numbers in turn, text first and last."""
    found, at = [], 0
    for match in _PIECE.finditer(path):
        if match[1] is not None:
            found += [path[at : match.start()], match[1]]
            at = match.end()
    return [*found, path[at:]]


def _merged(entries: list[_Entry]) -> list[_Entry]:
    """The entries with those merged that differ in one place only, the place that merges most; none
    where nothing does."""
    best: list[_Entry] = []
    for place in range(1, len(entries[0].parts)):
        buckets: dict[Hashable, list[_Entry]] = {}
        for entry in entries:
            key = (*entry.parts[:place], None, *entry.parts[place + 1 :])
            buckets.setdefault(key, []).append(entry)
        found = []
        for some in buckets.values():
            last = place + 1 == len(entries[0].parts)
            pattern = _common([one.parts[place] for one in some], place, last=last)
            if pattern is None:
                found += some
                continue
            parts = (*some[0].parts[:place], pattern, *some[0].parts[place + 1 :])
            found.append(_Entry(parts, tuple(n for one in some for n in one.members)))
        if len(found) < len(best or entries):
            best = found
    return best


def _common(values: list[str], place: int, *, last: bool) -> str | None:
    """What stands for all of some components, None where nothing does."""
    if len(values) < _MANY or place < 2 or any(set(value) & set("\\{}*?[]") for value in values):
        return None
    before = values[0][: _shared(values)]
    rests = [value[len(before) :][::-1] for value in values]
    behind = rests[0][: _shared(rests)][::-1]
    if not last and all(values):
        return f"{before}*{behind}"
    marked = behind.startswith(".") or before.endswith(("-", "_", "."))
    return f"{before}*{behind}" if marked else None


def _shared(texts: list[str]) -> int:
    """How many characters all texts begin with."""
    pairs = enumerate(zip(min(texts), max(texts), strict=False))
    return next((at for at, (one, other) in pairs if one != other), len(min(texts)))
