"""Members of a language that are unlike each other: the first keys at which a rule is looked at."""

from __future__ import annotations

from lsmc.automata.alphabet import best_byte
from lsmc.automata.pattern import Chars, Concat, Literal, Pattern, Star, Union, example

#: What stands for the wildcards in each member; the later ones hardly meet another rule by chance.
_FILLS = (b"", b"a", b"zQ7", b"x/yQ")


def samples(pattern: Pattern) -> tuple[bytes, ...]:
    """A few members of a language, a short one first; none of an empty one."""
    first = example(pattern)
    if first is None:
        return ()
    found = {first: None}
    for turn in range(1, len(_FILLS)):
        member = _member(pattern, turn)
        if member is not None:
            found[member] = None
    return tuple(found)


def _member(pattern: Pattern, turn: int) -> bytes | None:
    match pattern:
        case Literal(text):
            return text
        case Chars(mask):
            rare = mask & 1 << b"aQ7~"[turn]
            return bytes((best_byte(rare or mask),)) if mask else None
        case Star(mask):
            return bytes(byte for byte in _FILLS[turn] if mask >> byte & 1)
        case Concat(parts):
            pieces = [_member(part, turn) for part in parts]
            known = [piece for piece in pieces if piece is not None]
            return b"".join(known) if len(known) == len(pieces) else None
        case Union(options):
            for at in range(len(options)):
                member = _member(options[(turn + at) % len(options)], turn)
                if member is not None:
                    return member
    return None
