"""Finds keys of rules that a kernel can ask about.

The security module says which keys of a class these are (`Semantics.requestable`).
"""

from __future__ import annotations

from collections.abc import Sequence

from lsmc.analysis.semantics import Semantics
from lsmc.automata.algebra import Lazy
from lsmc.automata.alphabet import best_byte
from lsmc.automata.common import shortest_common
from lsmc.automata.dfa import StateLimit
from lsmc.automata.pattern import Chars, Concat, Literal, Pattern, Star, Union, example
from lsmc.ir.mediation import MediationClass

#: States of a search before it is given up.
LIMIT = 3_000


def real_member(
    semantics: Semantics, cls: MediationClass, languages: Sequence[Lazy]
) -> bytes | None:
    """A shortest common key of patterns that a kernel can ask about, without the class code.

    None if there is none, or if the search grows too large.
    """
    try:
        found = shortest_common([*languages, semantics.requestable(cls, True)], LIMIT)
    except StateLimit:
        return None
    return None if found is None else found[1:]


# --- members of a rule's language that are unlike each other

#: What stands for the wildcards in each member; the later ones hardly meet another rule by chance.
_FILLS = (b"", b"a", b"zQ7", b"x/yQ")


def sample_keys(semantics: Semantics, cls: MediationClass, pattern: Pattern) -> tuple[bytes, ...]:
    """A few keys of a rule, without the class code; empty for an empty language.

    If a kernel can ask about any of its keys, one of these is such a key.
    """
    found = tuple(key[1:] for key in _samples(pattern))
    if not found or any(semantics.is_requestable(cls, key) for key in found):
        return found
    real = real_member(semantics, cls, (Lazy(pattern),))
    return found if real is None else (real, *found)


def _samples(pattern: Pattern) -> tuple[bytes, ...]:
    first = example(pattern)
    if first is None:
        return ()
    found = {first: None}
    for turn in range(1, len(_FILLS)):
        one = _member(pattern, turn)
        if one is not None:
            found[one] = None
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
                one = _member(options[(turn + at) % len(options)], turn)
                if one is not None:
                    return one
    return None
