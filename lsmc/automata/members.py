"""What a state of a decision table can still match, read off the table itself.

An analysis of names wants the members of a language where they are few: most rules and attachments
match a handful of paths, which can be looked up instead of searched for.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from lsmc.automata.algebra import Automaton, Table, shortest
from lsmc.automata.alphabet import best_byte, bytes_of
from lsmc.automata.dfa import Dfa
from lsmc.automata.pattern import Pattern, literal_prefix, literals, shared_start

#: A language with more members than this is treated as one with endlessly many.
MAX_MEMBERS = 512
_MAX_CHOICES = 16
_MAX_PRODUCT = 20_000

#: All members of a language, sorted, or None.
Members: TypeAlias = "tuple[bytes, ...] | None"


def members(
    table: Table, accepting: Container[int], useful: Container[int], start: int = 1
) -> Members:
    """The strings that lead from a state to an accepting one through useful ones; None for many."""
    found: list[bytes] = []
    spelled = bytearray()
    on_path = {start}
    if start in accepting:
        found.append(b"")
    stack = [(start, _choices(table, start, useful))]
    while stack:
        _, choices = stack[-1]
        if choices is None:
            return None
        if not choices:
            state, _ = stack.pop()
            on_path.discard(state)
            if spelled:
                spelled.pop()
            continue
        byte, target = choices.pop()
        if target in on_path:
            return None
        spelled.append(byte)
        if target in accepting:
            found.append(bytes(spelled))
            if len(found) > MAX_MEMBERS:
                return None
        on_path.add(target)
        stack.append((target, _choices(table, target, useful)))
    return tuple(sorted(found))


def _choices(table: Table, state: int, useful: Container[int]) -> list[tuple[int, int]] | None:
    """The bytes that lead on from a state, each with its target; None for too many."""
    choices: list[tuple[int, int]] = []
    for mask, target in table.edges(state):
        if target in useful:
            if mask.bit_count() > _MAX_CHOICES:
                return None
            choices += [(byte, target) for byte in bytes_of(mask)]
    return choices


class Everything:
    """The container of all states."""

    def __contains__(self, state: object) -> bool:
        return True


class Accepting:
    """The states of a table where some pattern matches."""

    def __init__(self, accepts: Sequence[int]) -> None:
        self._accepts = accepts

    def __contains__(self, state: object) -> bool:
        return isinstance(state, int) and bool(self._accepts[state])


class Sight(NamedTuple):
    """What is known of a language: its members where they are few, and what they begin with.

    `first` is the first member where they are many and it is known.
    """

    members: Members
    prefix: bytes
    first: bytes | None = None

    def behind(self, count: int) -> Sight:
        """The same without the first bytes that all members share."""
        few, first = self.members, self.first
        return Sight(
            few and tuple(text[count:] for text in few),
            self.prefix[count:],
            None if first is None else first[count:],
        )


@lru_cache(maxsize=20_000)
def seen(pattern: Pattern) -> Sight | None:
    """What `members` would find in any table of a pattern; None where that depends on the table."""
    few = literals(pattern, MAX_MEMBERS)
    if few is None:
        return Sight(None, literal_prefix(pattern), shortest(pattern))
    following: dict[bytes, set[int]] = {}
    if len(few) > _MAX_CHOICES:
        for text in few:
            for at, byte in enumerate(text):
                following.setdefault(text[:at], set()).add(byte)
        if max(map(len, following.values())) > _MAX_CHOICES:
            return None
    return Sight(tuple(sorted(few)), shared_start(few))


class KnownLanguages(NamedTuple):
    """What is known of the languages of rules and attachments, by number of rule and of profile.

    For callers that have the patterns, which a bundle lacks; None says nothing.
    """

    rule: Callable[[int], Sight | None]
    attachment: Callable[[int], Sight | None]


UNSEEN = KnownLanguages(lambda _: None, lambda _: None)


def all_members(dfa: Dfa) -> Members:
    """The members of a whole table, or None when they are many."""
    return members(Table(dfa), Accepting(dfa.accepts), Everything())


def common_prefix(
    table: Table, accepting: Container[int], useful: Container[int], start: int = 1
) -> bytes:
    """What every member starts with."""
    spelled = bytearray()
    state = start
    seen = {state}
    while state not in accepting:
        choices = [(mask, to) for mask, to in table.edges(state) if to in useful]
        if len(choices) != 1 or choices[0][0].bit_count() != 1 or choices[0][1] in seen:
            break
        spelled.append(next(iter(bytes_of(choices[0][0]))))
        state = choices[0][1]
        seen.add(state)
    return bytes(spelled)


def common(one: Automaton[Any], other: Automaton[Any], count: int) -> list[bytes]:
    """Strings that both match, shortest first: one for each way to end, and few at most."""
    start = (one.start, other.start)
    found: list[bytes] = []
    spelled: dict[tuple[Any, Any], bytes] = {start: b""}
    level = [start]
    while level:
        following: list[tuple[Any, Any]] = []
        for state in level:
            if one.accepts(state[0]) and other.accepts(state[1]):
                found.append(spelled[state])
                if len(found) == count:
                    return found
            before, right = spelled[state], list(other.edges(state[1]))
            for mask, a in one.edges(state[0]):
                for more, b in right:
                    both = mask & more
                    if both and (a, b) not in spelled:
                        spelled[a, b] = before + bytes((best_byte(both),))
                        following.append((a, b))
        if len(spelled) > _MAX_PRODUCT:
            return found
        level = following
    return found
