"""Abstract socket addresses in keys.

The fields of a key are joined by NUL, but the name of an abstract socket may hold any byte, and
programs that bind with the full size of the structure pad it with NULs.  So NUL is packed as two
bytes, and the byte that starts such a pair too.
"""

from __future__ import annotations

from functools import lru_cache

from lsmc.automata.pattern import Chars, Concat, Literal, Pattern, Star, Union, concat, union

_ESCAPE = 0xFF
_NUL = bytes((_ESCAPE, 0xFE))
_SELF = bytes((_ESCAPE, _ESCAPE))


def pack(address: bytes) -> bytes:
    """The address as it stands in a key."""
    return address.replace(bytes((_ESCAPE,)), _SELF).replace(b"\0", _NUL)


def unpack(field: bytes) -> bytes:
    """The address that a field of a key stands for."""
    parts = field.split(_SELF)
    return bytes((_ESCAPE,)).join(part.replace(_NUL, b"\0") for part in parts)


@lru_cache(maxsize=1 << 14)
def pack_pattern(pattern: Pattern) -> Pattern:
    """The pattern of the packed addresses.

    A star that matches NUL matches both bytes of a pair, each by itself: fields are well formed.
    """
    match pattern:
        case Literal(text):
            return Literal(pack(text))
        case Chars(mask):
            plain = Chars(mask & ~1 & ~(1 << _ESCAPE))
            pairs = [Literal(_NUL)] if mask & 1 else []
            pairs += [Literal(_SELF)] if mask >> _ESCAPE & 1 else []
            return union((plain, *pairs))
        case Star(mask):
            escaped = mask & 1 or mask >> _ESCAPE & 1
            return Star(mask & ~1 | (3 << _ESCAPE - 1 if escaped else 0))
        case Concat(parts):
            return concat(pack_pattern(part) for part in parts)
        case Union(options):
            return union(pack_pattern(option) for option in options)
