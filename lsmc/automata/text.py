"""Patterns and sets of bytes as stable text, for people and for tests.

The text of a pattern is a regular expression in the usual notation: `.` is any byte but NUL,
`(?s:.)` any byte, `[...]` a set, `*` repeats a set, `(a|b)` is an alternation and `(?!)` matches
nothing.
"""

from __future__ import annotations

from lsmc.automata.alphabet import ALL, NOT_NUL, bytes_of
from lsmc.automata.pattern import NEVER, Chars, Concat, Literal, Pattern, Star

_SPECIAL = frozenset(b"\\.*+?()[]{}|^$")
_IN_A_SET = frozenset(b"\\[]^-")
#: Sets with more bytes are written as what they leave out.
_HALF = 128


def pattern_text(pattern: Pattern) -> str:
    """A pattern as a regular expression."""
    match pattern:
        case Literal(text):
            return "".join(_byte(value, _SPECIAL) for value in text)
        case Chars(mask):
            return _set(mask)
        case Star(mask):
            return f"{_set(mask)}*"
        case Concat(parts):
            return "".join(pattern_text(part) for part in parts)
    if pattern == NEVER:
        return "(?!)"
    return f"({'|'.join(pattern_text(option) for option in pattern.options)})"


def bytes_text(mask: int) -> str:
    """A set of bytes, given as a mask of 256 bits, as ranges separated by blanks."""
    hyphen = ord("-")
    return " ".join(
        "-".join("\\x2d" if value == hyphen else _byte(value) for value in dict.fromkeys(ends))
        for ends in _ranges(mask)
    )


def _set(mask: int) -> str:
    if not mask:
        return "(?!)"
    if mask == NOT_NUL:
        return "."
    if mask == ALL:
        return "(?s:.)"
    inverted = mask.bit_count() > _HALF
    body = "".join(
        "-".join(_byte(value, _IN_A_SET) for value in dict.fromkeys(ends))
        for ends in _ranges(ALL & ~mask if inverted else mask)
    )
    return f"[{'^' if inverted else ''}{body}]"


def _ranges(mask: int) -> list[tuple[int, int]]:
    """The runs of consecutive bytes in a set: (first, last)."""
    ranges: list[tuple[int, int]] = []
    for value in bytes_of(mask):
        if ranges and value == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], value)
        else:
            ranges.append((value, value))
    return ranges


def _byte(value: int, special: frozenset[int] = frozenset()) -> str:
    if not ord(" ") < value < ord("\x7f"):
        return f"\\x{value:02x}"
    return f"\\{value:c}" if value in special else chr(value)
