"""Sets of bytes in the regular expressions of file contexts, as masks of 256 bits."""

from __future__ import annotations

from lsmc.base.text import encode

ANY = (1 << 256) - 1


def _range(low: int, high: int) -> int:
    return (1 << high + 1) - (1 << low)


_DIGIT = _range(0x30, 0x39)
_UPPER = _range(0x41, 0x5A)
_LOWER = _range(0x61, 0x7A)
_WORD = _DIGIT | _UPPER | _LOWER | 1 << 0x5F
_SPACE = _range(0x09, 0x0D) | 1 << 0x20
_GRAPH = _range(0x21, 0x7E)
_KINDS = {
    "d": _DIGIT,
    "D": ANY & ~_DIGIT,
    "w": _WORD,
    "W": ANY & ~_WORD,
    "s": _SPACE,
    "S": ANY & ~_SPACE,
}
_NAMED = {
    "alnum": _DIGIT | _UPPER | _LOWER,
    "alpha": _UPPER | _LOWER,
    "ascii": _range(0, 0x7F),
    "blank": 1 << 0x09 | 1 << 0x20,
    "cntrl": _range(0, 0x1F) | 1 << 0x7F,
    "digit": _DIGIT,
    "graph": _GRAPH,
    "lower": _LOWER,
    "print": _GRAPH | 1 << 0x20,
    "punct": _GRAPH & ~(_DIGIT | _UPPER | _LOWER),
    "space": _SPACE,
    "upper": _UPPER,
    "word": _WORD,
    "xdigit": _DIGIT | _range(0x41, 0x46) | _range(0x61, 0x66),
}
_CONTROLS = {"t": 0x09, "n": 0x0A, "r": 0x0D, "f": 0x0C, "a": 0x07, "e": 0x1B}


def escaped(text: str, at: int) -> tuple[str | int, int] | None:
    """What the escape at a place stands for, and where it ends; None for what is not known.

    A set is a mask, a character itself.
    """
    char = text[at + 1 : at + 2]
    if char in _KINDS:
        return _KINDS[char], at + 2
    if char in _CONTROLS:
        return 1 << _CONTROLS[char], at + 2
    if char == "x":
        digits = text[at + 2 : at + 4]
        if len(digits) == 2 and all(one in "0123456789abcdefABCDEF" for one in digits):
            return 1 << int(digits, 16), at + 4
        return None
    if not char or (char.isascii() and char.isalnum()):
        return None
    return char, at + 2


def read_set(text: str, begin: int) -> tuple[int, int] | None:
    """The set in brackets at a place, and where it ends; None for what is not known."""
    at = begin + 1
    negated = text[at : at + 1] == "^"
    at += negated
    found, first = 0, True
    while first or text[at : at + 1] != "]":
        member = _member(text, at)
        if member is None:
            return None
        low, at = member
        first = False
        if text[at : at + 1] == "-" and text[at + 1 : at + 2] not in ("]", ""):
            after = _member(text, at + 1)
            if after is None or low & low - 1 or after[0] & after[0] - 1 or after[0] < low:
                return None
            low, at = _range(low.bit_length() - 1, after[0].bit_length() - 1), after[1]
        found |= low
    return (ANY & ~found if negated else found), at + 1


def _member(text: str, at: int) -> tuple[int, int] | None:
    """A byte or a named set within brackets, and where it ends."""
    char = text[at : at + 1]
    if not char:
        return None
    if char == "[" and text[at + 1 : at + 2] in (":", ".", "="):
        end = text.find(":]", at)
        name = text[at + 2 : max(end, 0)].removeprefix("^")
        if text[at + 1] != ":" or name not in _NAMED:
            return None
        named = _NAMED[name]
        return (ANY & ~named if text[at + 2] == "^" else named), end + 2
    if char == "\\":
        if text[at + 1 : at + 2] == "b":  # a backspace, in a set alone
            return 1 << 0x08, at + 2
        found = escaped(text, at)
        if found is None:
            return None
        symbol, end = found
        return (_bytes(symbol) if isinstance(symbol, str) else symbol), end
    return _bytes(char), at + 1


def _bytes(char: str) -> int:
    """The bytes of a character: a set is one of bytes."""
    found = 0
    for byte in encode(char):
        found |= 1 << byte
    return found
