"""The keys of a class as an automaton: the languages of its fields, joined by NUL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from lsmc.automata.algebra import Automaton, Lazy
from lsmc.automata.pattern import NOT_NUL, Literal, Star
from lsmc.ir.mediation import MediationClass

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
        self._known: dict[_State, list[tuple[int, _State]]] = {}

    def edges(self, state: _State) -> list[tuple[int, _State]]:
        """Disjoint sets of bytes, each with the state that it leads to."""
        known = self._known.get(state)
        if known is None:
            known = self._known[state] = self._edges(state)
        return known

    def _edges(self, state: _State) -> list[tuple[int, _State]]:
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


def any_key(cls: MediationClass, code: bool) -> KeyAutomaton:
    """The keys of a class whose fields may hold anything; with `code`, the code before them."""
    return KeyAutomaton([Lazy(Star(NOT_NUL))] * len(cls.fields), cls.code if code else None)
