"""Random patterns over a four-letter alphabet, and the obvious matcher to hold the rest against."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from lsmc.automata.pattern import (
    Chars,
    Concat,
    Literal,
    Pattern,
    Star,
    Union,
    concat,
    mask_of,
    optional,
    union,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ALPHABET = b"ab/\0"
STRINGS = tuple(
    bytes(letters) for length in range(5) for letters in product(ALPHABET, repeat=length)
)

masks = st.sets(st.sampled_from(list(ALPHABET)), min_size=1).map(
    lambda found: mask_of(bytes(found))
)
# Sets that reach past the alphabet, as `[^/]` does.
wide_masks = st.one_of(masks, masks.map(lambda mask: ~mask & (1 << 256) - 1))
leaves = st.one_of(
    st.lists(st.sampled_from(list(ALPHABET)), max_size=4).map(lambda text: Literal(bytes(text))),
    wide_masks.map(Chars),
    wide_masks.map(Star),
)


def _compound(inner: st.SearchStrategy[Pattern]) -> st.SearchStrategy[Pattern]:
    parts = st.lists(inner, max_size=3)
    return st.one_of(parts.map(concat), parts.map(union), inner.map(optional))


patterns: st.SearchStrategy[Pattern] = st.recursive(leaves, _compound, max_leaves=8)
pattern_lists = st.lists(patterns, max_size=6)


def matches(pattern: Pattern, text: bytes) -> bool:
    """Whether a pattern matches, by trying everything."""
    return len(text) in set(_ends(pattern, text, 0))


def _ends(pattern: Pattern, text: bytes, at: int) -> Iterator[int]:
    """Where a match that begins at `at` may end."""
    match pattern:
        case Literal(wanted):
            if text.startswith(wanted, at):
                yield at + len(wanted)
        case Chars(mask):
            if at < len(text) and mask >> text[at] & 1:
                yield at + 1
        case Star(mask):
            yield at
            while at < len(text) and mask >> text[at] & 1:
                at += 1
                yield at
        case Concat(parts):
            ends = {at}
            for part in parts:
                ends = {end for begin in ends for end in _ends(part, text, begin)}
            yield from ends
        case Union(options):
            for option in options:
                yield from _ends(option, text, at)


def members(pattern: Pattern) -> frozenset[bytes]:
    """All matches among the short strings of the alphabet."""
    return frozenset(text for text in STRINGS if matches(pattern, text))


def matched(numbered: list[Pattern], text: bytes) -> tuple[int, ...]:
    """The numbers of the patterns that match."""
    return tuple(number for number, pattern in enumerate(numbered) if matches(pattern, text))
