"""The keys that a rule matches, as far as they can be known without other rules.

Rules with equal patterns share one language, so each fact about a pattern is computed once, however
many rules have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from lsmc.analysis.objects import sample_keys
from lsmc.analysis.semantics import Semantics
from lsmc.automata.algebra import Lazy, equivalent
from lsmc.automata.common import Complement, have_common, member
from lsmc.automata.facts import last_bytes, starts
from lsmc.automata.pattern import Literal, Pattern, example, literal_prefix, literals, union
from lsmc.ir.model import Rule
from lsmc.tables.groups import key_pattern

#: Languages of up to so many keys are looked at key by key.
MAX_KEYS = 64
#: Automata that are kept.
MAX_AUTOMATA = 10_000
_FEW_HEADS = 8


class KeyLanguage:
    """Facts about the keys of one pattern."""

    def __init__(self, number: int, pattern: Pattern, semantics: Semantics) -> None:
        self.number = number
        self._semantics = semantics
        self.pattern = pattern

    @cached_property
    def keys(self) -> tuple[bytes, ...] | None:
        """All keys without the class code, short ones first; None when there are many."""
        if isinstance(self.pattern, Literal):
            return (self.pattern.text[1:],)
        found = literals(self.pattern, MAX_KEYS)
        if found is None:
            return None
        return tuple(sorted((key[1:] for key in found), key=lambda key: (len(key), key)))

    @cached_property
    def short(self) -> bytes | None:
        """A short key without the class code; None for an empty language."""
        if self.keys is not None:
            return self.keys[0] if self.keys else None
        found = example(self.pattern)
        return None if found is None else found[1:]

    @cached_property
    def samples(self) -> tuple[bytes, ...]:
        """A few keys without the class code."""
        return sample_keys(self._semantics, self._semantics.classes[self.prefix[0]], self.pattern)

    @cached_property
    def prefix(self) -> bytes:
        """The common prefix of all keys, class code included."""
        return literal_prefix(self.pattern)

    @cached_property
    def heads(self) -> tuple[bytes, ...]:
        """Texts such that each key begins with one of them, class code included."""
        if self.keys is not None and len(self.keys) <= _FEW_HEADS:
            code = self.prefix[:1]
            return tuple(code + key for key in self.keys)
        return starts(self.pattern)

    @cached_property
    def ends(self) -> int:
        """The last bytes of keys, class code included."""
        return last_bytes(self.pattern)[0]


class KeyLanguages:
    """The languages of numbered rules."""

    def __init__(self, rules: Sequence[Rule], semantics: Semantics) -> None:
        self._rules = rules
        self._semantics = semantics
        self._of: dict[int, KeyLanguage] = {}
        self._known: dict[Pattern, KeyLanguage] = {}
        self._automata: dict[KeyLanguage, Lazy] = {}
        self._within: dict[tuple[int, int], bool] = {}

    def of(self, number: int) -> KeyLanguage:
        """The language of a rule."""
        language = self._of.get(number)
        if language is None:
            pattern = key_pattern(self._rules[number])
            language = self._known.get(pattern)
            if language is None:
                language = self._known[pattern] = KeyLanguage(
                    len(self._known), pattern, self._semantics
                )
            self._of[number] = language
        return language

    def lazy(self, language: KeyLanguage) -> Lazy:
        """A language as an automaton; the most recent ones are kept."""
        known = self._automata.get(language)
        if known is None:
            if len(self._automata) >= MAX_AUTOMATA:
                self._automata.clear()
            known = self._automata[language] = Lazy(language.pattern)
        return known

    def matches(self, language: KeyLanguage, key: bytes) -> bool:
        """Whether a language has a key, given without the class code."""
        if language.keys is not None:
            return key in language.keys
        whole = language.prefix[:1] + key
        return whole.startswith(language.prefix) and member(self.lazy(language), whole)

    def within(self, part: KeyLanguage, whole: KeyLanguage) -> bool:
        """Whether one language is a subset of another; raises `automata.dfa.StateLimit`."""
        if part is whole:
            return True
        pair = (part.number, whole.number)
        known = self._within.get(pair)
        if known is None:
            known = self._within[pair] = self._is_within(part, whole)
        return known

    def _is_within(self, part: KeyLanguage, whole: KeyLanguage) -> bool:
        if part.keys is not None:
            return all(self.matches(whole, key) for key in part.keys)
        if whole.keys is not None:
            return False  # it has fewer
        return not have_common([self.lazy(part), Complement(self.lazy(whole))])

    def alike(self, some: Sequence[KeyLanguage], others: Sequence[KeyLanguage]) -> bool:
        """Whether the unions of two sets of languages are equal; raises `StateLimit`."""
        if set(some) == set(others):
            return True
        if len(some) == len(others) == 1:
            return self.within(some[0], others[0]) and self.within(others[0], some[0])
        return equivalent(
            union(language.pattern for language in some),
            union(language.pattern for language in others),
        )
