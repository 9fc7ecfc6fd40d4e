"""Globs over paths, as tests and `who --pattern` write them, as languages.

`*` and `?` stand for what is no `/`, `**` for anything, `[ab]` for one of some bytes, `{a,b}` for
one of some texts, `\\` takes the next character as it is.
"""

from __future__ import annotations

from lsmc.automata.pattern import Chars, Literal, Pattern, Star, concat, union
from lsmc.engine.verdict import RequestError

#: All bytes but NUL, and those that are no slash.
_ANY = ((1 << 256) - 1) & ~1
_NAME = _ANY & ~(1 << ord("/"))
#: Braces in each other.
_MOST_DEPTH = 16


def language(glob: str) -> Pattern:
    """The texts that a glob stands for; raises `RequestError` for one that is not closed."""
    text = glob.encode("utf-8", "surrogateescape")
    parts, at = _sequence(text, 0, 0, glob)
    if at != len(text):
        raise RequestError(f"`{glob}`: `}}` without `{{`", glob)
    return parts


def _sequence(text: bytes, at: int, depth: int, glob: str) -> tuple[Pattern, int]:
    """The pattern from a place to the end, or to the `,` or `}` that ends an alternative."""
    parts: list[Pattern] = []
    while at < len(text):
        byte = text[at : at + 1]
        if byte == b"}" or (depth and byte == b","):
            break
        if byte == b"*":
            double = text[at + 1 : at + 2] == b"*"
            parts.append(Star(_ANY if double else _NAME))
            at += 2 if double else 1
        elif byte == b"?":
            parts.append(Chars(_NAME))
            at += 1
        elif byte == b"[":
            one, at = _set(text, at, glob)
            parts.append(one)
        elif byte == b"{":
            one, at = _options(text, at + 1, depth + 1, glob)
            parts.append(one)
        else:
            at += byte == b"\\" and at + 1 < len(text)
            parts.append(Literal(text[at : at + 1]))
            at += 1
    return concat(parts), at


def _options(text: bytes, at: int, depth: int, glob: str) -> tuple[Pattern, int]:
    if depth > _MOST_DEPTH:
        raise RequestError(f"`{glob}`: too many braces in each other", glob)
    options: list[Pattern] = []
    while True:
        one, at = _sequence(text, at, depth, glob)
        options.append(one)
        end = text[at : at + 1]
        at += 1
        if end == b"}":
            return union(options), at
        if end != b",":
            raise RequestError(f"`{glob}`: `{{` is not closed", glob)


def _set(text: bytes, at: int, glob: str) -> tuple[Pattern, int]:
    end = text.find(b"]", at + 2)
    if end < 0:
        raise RequestError(f"`{glob}`: `[` is not closed", glob)
    body = text[at + 1 : end]
    negated = body[:1] in (b"^", b"!")
    body = body[1:] if negated else body
    mask, index = 0, 0
    while index < len(body):
        last = index
        if body[index + 1 : index + 2] == b"-" and index + 2 < len(body):
            last = index + 2
        for byte in range(body[index], body[last] + 1):
            mask |= 1 << byte
        index = last + 1
    return Chars(_NAME & ~mask if negated else _NAME & mask), end + 1
