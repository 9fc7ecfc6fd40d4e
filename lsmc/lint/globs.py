"""Globs of paths in a configuration.

`*` and `?` match within a name, `**` crosses directories, and `**/` also matches nothing.  A glob
without a `/` matches in any directory.  Rejected: regular expressions, which take exponential time
for some globs.
"""

from __future__ import annotations

import re
from functools import lru_cache

_PIECE = re.compile(r"\*\*/?|\*|\?|[^*?]", re.DOTALL)


@lru_cache(maxsize=1024)
def matches(glob: str, path: str) -> bool:
    """Whether a glob matches a whole path, in time linear in the product of their lengths."""
    pieces = _pieces(glob)
    # bit n of `here` says that the path so far is one of the first n pieces
    here = _skipped(1, pieces)
    for char in path:
        after = 0
        for number, piece in enumerate(pieces):
            if here >> number & 1:
                after |= _step(number, piece, char)
        here = _skipped(after, pieces)
        if not here:
            return False
    return bool(here >> len(pieces) & 1)


def _step(number: int, piece: str, char: str) -> int:
    """The positions after a piece of the glob has read a character."""
    match piece:
        case "":  # only left out
            return 0
        case "**/":  # it ends behind a slash
            return 1 << number | (1 << number + 1 if char == "/" else 0)
        case "**":
            return 1 << number
        case "*":
            return 1 << number if char != "/" else 0
        case "?":
            return 1 << number + 1 if char != "/" else 0
    return 1 << number + 1 if char == piece else 0


def _skipped(here: int, pieces: tuple[str, ...]) -> int:
    """The positions, with those after pieces that match nothing: stars, and `**/` after a `/`."""
    for number, piece in enumerate(pieces):
        if here >> number & 1:
            if piece in ("*", "**"):
                here |= 1 << number + 1
            elif not piece:
                here |= 1 << number + 1 | 1 << number + 2
    return here


@lru_cache(maxsize=64)
def _pieces(glob: str) -> tuple[str, ...]:
    glob = glob.removeprefix("./") if "/" in glob else f"**/{glob}"
    found = _PIECE.findall(glob)
    return tuple(one for piece in found for one in (("", piece) if piece == "**/" else (piece,)))
