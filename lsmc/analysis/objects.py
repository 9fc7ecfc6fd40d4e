"""Keys that a kernel can ask about, among those that rules match.

Which those are of a class, the security module says (`Semantics.requestable`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from lsmc.analysis.semantics import Semantics
from lsmc.automata.algebra import Automaton, Lazy
from lsmc.automata.alphabet import best_byte
from lsmc.automata.common import shortest_common
from lsmc.automata.dfa import StateLimit
from lsmc.automata.pattern import Chars, Concat, Literal, Pattern, Star, Union, example
from lsmc.ir.mediation import MediationClass

#: States of a search before it is given up.
LIMIT = 3_000
_NUL = 1

#: The number of a field and a state of its automaton; before the class code, no field.
_State: TypeAlias = tuple[int, Any]


class KeyAutomaton:
    """The keys of a class whose fields are members of some languages."""

    def __init__(self, fields: Sequence[Automaton[Any]], code: int | None) -> None:
        """The languages of the fields, in order; the class code where keys begin with it."""
        self._code = 1 << (code or 0)
        self._fields: tuple[Automaton[Any], ...] = tuple(fields) or (Lazy(Literal(b"")),)
        self.start: _State = (0, self._fields[0].start) if code is None else (-1, None)

    def edges(self, state: _State) -> list[tuple[int, _State]]:
        """Disjoint sets of bytes, each with the state that it leads to."""
        number, inner = state
        if number < 0:
            return [(self._code, (0, self._fields[0].start))]
        here = self._fields[number]
        found: list[tuple[int, _State]] = [(m, (number, to)) for m, to in here.edges(inner)]
        if number + 1 < len(self._fields) and here.accepts(inner):
            found.append((_NUL, (number + 1, self._fields[number + 1].start)))
        return found

    def accepts(self, state: _State) -> tuple[int, ...]:
        """A key ends with its last field."""
        number, inner = state
        return (0,) if number + 1 == len(self._fields) and self._fields[-1].accepts(inner) else ()


def real_member(
    semantics: Semantics, cls: MediationClass, languages: Sequence[Lazy]
) -> bytes | None:
    """A shortest common key of some patterns about which a kernel can ask, without the class code.

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
    """A few members of the keys of a rule, without the class code; none of an empty language.

    A kernel can ask about one of them, if about any member.
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
