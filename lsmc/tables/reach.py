"""Reachability in a group: shortest keys of rules, and the states where rules can still match.

Computed once per group, on first use by an analysis; profiles that share a unit share it.
"""

from __future__ import annotations

from collections.abc import Sequence

from lsmc.automata.algebra import Table
from lsmc.automata.alphabet import RANK, best_byte
from lsmc.automata.dfa import Dfa


class Reach:
    """Paths through one decision table that accepts numbers of a unit's rules."""

    def __init__(self, dfa: Dfa, rules: Sequence[int]) -> None:
        self.table = Table(dfa)
        self._walker = dfa.walker()
        self._shortest: dict[int, bytes] = {1: b""}
        self._back = dfa.reverse()
        self._accepting: dict[int, list[int]] = {}
        self._useful: dict[int, frozenset[int]] = {}
        level = [1]
        while level:
            following: list[int] = []
            for state in level:
                before = self._shortest[state]
                edges = self.table.edges(state)
                steps = [(RANK[byte := best_byte(mask)], byte, target) for mask, target in edges]
                if len(steps) > 1:
                    steps.sort()
                for _, byte, target in steps:
                    if target not in self._shortest:
                        self._shortest[target] = before + bytes((byte,))
                        following.append(target)
            level = following
        for state in self._shortest:  # in order of length
            for number in dfa.accept_ids_of(state):
                self._accepting.setdefault(rules[number], []).append(state)

    def walk(self, key: bytes) -> int:
        """The state that a key, class code included, leads to; 0 when no rule can match it."""
        return self._walker.walk(key)

    def depth(self, key: bytes) -> tuple[int, int]:
        """How many bytes of a key (class code included) stay alive, and the last live state."""
        return self._walker.depth(key)

    def accepting(self, rule: int) -> Sequence[int]:
        """The states where a rule matches, nearest first."""
        return self._accepting.get(rule, ())

    def shortest(self, state: int) -> bytes:
        """A shortest key, class code included, that leads to a reachable state."""
        return self._shortest[state]

    def useful(self, rule: int) -> frozenset[int]:
        """The states from which a rule can still match."""
        known = self._useful.get(rule)
        if known is None:
            found = self._back.before(self.accepting(rule), len(self._shortest) + 1)
            known = self._useful[rule] = frozenset(found)
        return known
