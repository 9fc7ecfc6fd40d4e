"""The keys that a kernel can ask about: an example in a finding should be one of them.

The language of a rule holds much else, such as paths with `//` or `..` in them, or `capability a`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeAlias

from lsmc.analysis.common import shortest_common
from lsmc.analysis.real_paths import RealPaths, is_real
from lsmc.automata.algebra import Automaton, Lazy
from lsmc.automata.dfa import StateLimit
from lsmc.automata.pattern import NOT_NUL, Chars, Literal, Pattern, Star, concat, union
from lsmc.checker.objects import PATHS
from lsmc.frontend.apparmor.rules.capability import NAMES
from lsmc.frontend.apparmor.rules.network import FAMILIES, TYPES
from lsmc.frontend.apparmor.rules.peer import SIGNALS
from lsmc.ir.classes import (
    CAPABILITY,
    CHANGE_PROFILE,
    FILE,
    MQUEUE,
    NETWORK,
    ONEXEC,
    PTRACE,
    SIGNAL,
    UNIX,
)
from lsmc.ir.model import MediationClass

#: States of a search before it is given up.
LIMIT = 3_000
_NUL = 1
_ANY = Star(NOT_NUL)
_NAME = concat((Chars(NOT_NUL), _ANY))


def _words(words: list[str] | tuple[str, ...]) -> Pattern:
    return union(Literal(word.encode()) for word in words)


_TYPE = _words(TYPES)
#: What fields hold that are neither paths nor free text, by class and field.
_FIELDS: dict[tuple[MediationClass, str], Pattern] = {
    (CAPABILITY, "capability"): _words(NAMES),
    (NETWORK, "family"): _words(FAMILIES),
    (NETWORK, "type"): _TYPE,
    (UNIX, "type"): _TYPE,
    (SIGNAL, "signal"): _words([*SIGNALS, *(f"rtmin+{number}" for number in range(33))]),
    (SIGNAL, "peer"): _NAME,
    (PTRACE, "peer"): _NAME,
    (CHANGE_PROFILE, "target"): _NAME,
    (ONEXEC, "target"): _NAME,
    (MQUEUE, "type"): _words(("posix", "sysv")),
}

#: The number of a field and a state of its automaton; before the class code, no field.
State: TypeAlias = tuple[int, Any]


class RealKeys:
    """The keys of a class that a kernel can ask about, with or without the class code."""

    def __init__(self, cls: MediationClass, *, code: bool = True) -> None:
        paths = PATHS.get(cls, ())
        self._code = 1 << cls.code
        self._fields: tuple[Automaton[Any], ...] = tuple(
            RealPaths() if number in paths else Lazy(_FIELDS.get((cls, name), _ANY))
            for number, name in enumerate(cls.fields)
        ) or (Lazy(Literal(b"")),)
        self.start: State = (-1, None) if code else (0, self._fields[0].start)

    def edges(self, state: State) -> list[tuple[int, State]]:
        """Disjoint sets of bytes, each with the state that it leads to."""
        number, inner = state
        if number < 0:
            return [(self._code, (0, self._fields[0].start))]
        here = self._fields[number]
        found: list[tuple[int, State]] = [(m, (number, to)) for m, to in here.edges(inner)]
        if number + 1 < len(self._fields) and here.accepts(inner):
            found.append((_NUL, (number + 1, self._fields[number + 1].start)))
        return found

    def accepts(self, state: State) -> tuple[int, ...]:
        """A key ends with its last field."""
        number, inner = state
        return (0,) if number + 1 == len(self._fields) and self._fields[-1].accepts(inner) else ()


@cache
def real_keys(cls: MediationClass) -> RealKeys:
    """The keys of a class that a kernel can ask about, class code included."""
    return RealKeys(cls)


@cache
def real_objects(cls: MediationClass) -> Automaton[Any]:
    """As `real_keys`, without the class code."""
    return RealKeys(cls, code=False)


def is_real_key(cls: MediationClass, key: bytes) -> bool:
    """Whether a kernel can ask about a key (without the class code)."""
    if cls is FILE:
        return is_real(key)
    real = real_keys(cls)
    state = real.start
    for byte in (cls.code, *key):
        after = next((to for mask, to in real.edges(state) if mask >> byte & 1), None)
        if after is None:
            return False
        state = after
    return bool(real.accepts(state))


def real_member(cls: MediationClass, languages: Sequence[Lazy]) -> bytes | None:
    """A shortest common key of some patterns about which a kernel can ask, without the class code.

    None if there is none, or if the search grows too large.
    """
    try:
        found = shortest_common([*languages, real_keys(cls)], LIMIT)
    except StateLimit:
        return None
    return None if found is None else found[1:]
