"""Members of a language that are unlike each other: the first keys at which a rule is looked at."""

from __future__ import annotations

from lsmc.automata.algebra import Lazy
from lsmc.automata.alphabet import best_byte
from lsmc.automata.pattern import Chars, Concat, Literal, Pattern, Star, Union, example
from lsmc.checker.real import is_real_key, real_member
from lsmc.ir.model import MediationClass

#: What stands for the wildcards in each member; the later ones hardly meet another rule by chance.
_FILLS = (b"", b"a", b"zQ7", b"x/yQ")


def sample_keys(cls: MediationClass, pattern: Pattern) -> tuple[bytes, ...]:
    """A few members of the keys of a rule, without the class code; none of an empty language.

    A kernel can ask about one of them, if about any member.
    """
    found = tuple(key[1:] for key in _samples(pattern))
    if not found or any(is_real_key(cls, key) for key in found):
        return found
    real = real_member(cls, (Lazy(pattern),))
    return found if real is None else (real, *found)


def _samples(pattern: Pattern) -> tuple[bytes, ...]:
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
