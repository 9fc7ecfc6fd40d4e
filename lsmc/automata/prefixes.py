"""Prefixes of the members of a pattern, by which patterns can be found."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from lsmc.automata.alphabet import bytes_of
from lsmc.automata.pattern import Chars, Concat, Literal, Pattern, Union

_MANY = 64
_LONG = 256
_FEW_BYTES = 12
#: Beginnings behind which nearly everything lies.
_BROAD = frozenset((b"", b"/"))


@lru_cache(maxsize=200_000)
def heads(pattern: Pattern, many: int = _MANY) -> tuple[bytes, ...]:
    """Texts such that every member starts with one of them, as long as is known.

    Where they would be many, or longer than a few hundred bytes, they are cut short.
    """
    done: set[bytes] = set()
    left = _grow(pattern, {b""}, done, many)
    return tuple(sorted(done | left))


def _grow(pattern: Pattern, open_: set[bytes], done: set[bytes], many: int) -> set[bytes]:
    """Extend some texts by a pattern; those that need no more or cannot be extended are done."""
    match pattern:
        case Literal(text):
            return _extended(open_, (text,), done, many)
        case Chars(mask) if mask.bit_count() <= _FEW_BYTES:
            return _extended(open_, [bytes((byte,)) for byte in bytes_of(mask)], done, many)
        case Concat(parts):
            for part in parts:
                if not open_:
                    break
                if isinstance(part, Literal):
                    open_ = _extended(open_, (part.text,), done, many)
                else:
                    open_ = _grow(part, open_, done, many)
        case Union(options):
            grown: set[bytes] = set()
            for option in options:
                grown |= _grow(option, open_, done, many)
            open_ = grown
        case _:
            done |= open_
            return set()
    return _limited(open_, done, many)


def _extended(open_: set[bytes], texts: Sequence[bytes], done: set[bytes], many: int) -> set[bytes]:
    grown = {head + text for head in open_ for text in texts}
    if grown and max(map(len, grown)) > _LONG:
        done.update(whole[:_LONG] for whole in grown if len(whole) > _LONG)
        grown = {whole for whole in grown if len(whole) <= _LONG}
    return _limited(grown, done, many)


def _limited(open_: set[bytes], done: set[bytes], many: int) -> set[bytes]:
    if len(open_) <= many:
        return open_
    done |= open_
    return set()


@lru_cache(maxsize=20_000)
def is_broad(pattern: Pattern) -> bool:
    """Whether members go on in many ways from the beginning, or from the first slash."""
    left = _after(pattern, frozenset((b"",)))
    return left is None or bool(left)


def _after(pattern: Pattern, texts: frozenset[bytes]) -> frozenset[bytes] | None:
    """Those of "" and "/" that a pattern may end at, begun behind some; None where it is open."""
    if not texts:
        return texts
    match pattern:
        case Literal(text):
            return frozenset(before + text for before in texts) & _BROAD
        case Chars(mask) if mask.bit_count() <= _FEW_BYTES:
            slash = mask >> ord("/") & 1 and b"" in texts
            return frozenset((b"/",)) if slash else frozenset()
        case Concat(parts):
            for part in parts:
                left = _after(part, texts)
                if left is None:
                    return None
                texts = left
            return texts
        case Union(options):
            ends = [_after(option, texts) for option in options]
            known = [end for end in ends if end is not None]
            return frozenset[bytes]().union(*known) if len(known) == len(ends) else None
    return None
