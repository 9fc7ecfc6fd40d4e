"""Searches the language of one rule for keys where the rules of a scope decide in some way.

A small language is tried key by key; a large one first at a few samples, and only then by a search:
a product of the rule's own pattern with those of a few others.  A key that the search finds is
checked against all rules; if more of them match than were considered, these join the few and the
search goes on.  That walks far less than the product of the profile's tables, which contain
everything else too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lsmc.analysis.objects import LIMIT
from lsmc.analysis.redundancy.scopes import Scope
from lsmc.automata.algebra import Automaton, States
from lsmc.automata.common import shortest
from lsmc.ir.decision import NOTHING, Decision, Facts
from lsmc.ir.model import MediationClass
from lsmc.kernels.product import Along

#: The numbers of the IR rules that match a key, ascending.
Ids = tuple[int, ...]


class KeySearch:
    """The keys of one IR rule in a scope, and which rules match there."""

    def __init__(self, scope: Scope, member: int) -> None:
        self.scope = scope
        self.member = member
        self._language = scope.scopes.languages.of(member)
        self.cls: MediationClass = scope.policy.rules[member].cls
        self._semantics = scope.policy.semantics
        self._code = bytes((self.cls.code,))

    @property
    def finite(self) -> bool:
        """Whether `first_keys` are all keys."""
        return self._language.keys is not None

    def first_keys(self) -> tuple[bytes, ...]:
        """All keys where there are few, else samples; without the class code."""
        keys = self._language.keys
        return keys if keys is not None else self._language.samples

    def first_key(self) -> bytes | None:
        """A short key; None for an empty language."""
        return self._language.short

    def example(self) -> bytes | None:
        """A key, one that a kernel can ask about if possible; None for an empty language."""
        keys = self.first_keys()
        real = (key for key in keys if self._is_real(key))
        return next(real, next(iter(keys), None))

    def _is_real(self, key: bytes) -> bool:
        return self._semantics.is_requestable(self.cls, key)

    def at(self, key: bytes) -> Ids:
        """The rules that match at a key."""
        return self.scope.matched(self._code + key)

    def find(
        self, goal: Callable[[Ids], bool], among: Iterable[int] = (), *, real: bool = False
    ) -> bytes | None:
        """A short key of the rule where a goal is met; raises `StateLimit`.

        With `real` only keys that a kernel can ask about.  None proves that there is no such key,
        provided that no rule outside of `among` can bring the goal about.
        """
        for key in self.first_keys():
            if (not real or self._is_real(key)) and goal(self.at(key)):
                return key
        if self.finite:
            return None
        known = {*among, self.member}
        while True:
            found = self.search(goal, known, real=real)
            if found is None:
                return None
            ids = self.at(found)
            if goal(ids):
                return found
            known.update(ids)  # it has more than was known: the same key is not found again

    def search(
        self, goal: Callable[[Ids], bool], among: Iterable[int], *, real: bool = False
    ) -> bytes | None:
        """A shortest key of the rule where a goal is met when only some rules are considered.

        Raises `StateLimit`.
        """
        languages = self.scope.scopes.languages
        others = {n: languages.lazy(languages.of(n)) for n in among if n != self.member}
        along = Along(self.member, languages.lazy(self._language), others)
        asked = self._semantics.requestable(self.cls, True)
        automata: list[Automaton[Any]] = [along, asked] if real else [along]

        def reached(states: States) -> bool:
            if real and not asked.accepts(states[1]):
                return False
            ids = along.accepts(states[0])
            return bool(ids) and goal(ids)

        found = shortest(automata, reached, LIMIT)
        return None if found is None else found[1:]


def decision(scope: Scope, ids: Ids, cls: MediationClass, owner: bool) -> Decision:
    """The decision of some rules together."""
    if not ids:
        return NOTHING
    key = (ids, owner)
    known = scope.decisions.get(key)
    if known is None:
        facts: list[Facts] = [scope.scopes.facts(number) for number in ids]
        known = scope.decisions[key] = scope.policy.semantics.decide(facts, cls, owner)
    return known
