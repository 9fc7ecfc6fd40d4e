"""Cheap facts about patterns: their members when they are few, an example, how they begin."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Generic, TypeVar

from lsmc.automata.algebra import Automaton, Lazy
from lsmc.automata.alphabet import cost
from lsmc.automata.common import Complement, have_common, member, shortest_common
from lsmc.automata.paths import FILES, PATHS
from lsmc.automata.pattern import (
    Chars,
    Concat,
    Literal,
    Pattern,
    Star,
    Union,
    example,
    is_empty_language,
    literals,
)
from lsmc.automata.prefix_index import within
from lsmc.automata.prefixes import heads
from lsmc.kernels.walk import is_real_path

T = TypeVar("T")

#: How many members of a finite pattern are looked at one by one.
FEW = 64
_FEW_HEADS = 8


@lru_cache(maxsize=200_000)
def members(pattern: Pattern) -> tuple[bytes, ...] | None:
    """The members when they are few, else None."""
    return literals(pattern, FEW)


@lru_cache(maxsize=200_000)
def samples(pattern: Pattern) -> tuple[bytes, ...]:
    """All members when they are few, else a short one."""
    found = members(pattern)
    if found is not None:
        return found
    one = example(pattern)
    return (one,) if one is not None else ()


@lru_cache(maxsize=200_000)
def objects(pattern: Pattern) -> tuple[bytes, ...]:
    """Like `samples`, for paths: only those that the kernel can build."""
    found = members(pattern)
    if found is not None:
        return tuple(path for path in found if is_real_path(path))
    one = example(pattern)
    if one is not None and not is_real_path(one):
        one = _real(pattern)
    return (one,) if one is not None else ()


@lru_cache(maxsize=200_000)
def starts(pattern: Pattern) -> tuple[bytes, ...]:
    """Like `heads`, but fewer: many heads are cut to shorter ones."""
    found = set(heads(pattern, _FEW_HEADS))
    while len(found) > _FEW_HEADS:
        depths = {head: head.count(b"/", 0, -1) for head in found}
        deepest = max(depths.values())
        if not deepest:
            return (b"",)
        found = {_folder(head) if depth == deepest else head for head, depth in depths.items()}
    kept: list[bytes] = []
    for head in sorted(found):  # whatever begins with a kept one comes right behind it
        if not kept or not head.startswith(kept[-1]):
            kept.append(head)
    return tuple(kept)


def last_bytes(pattern: Pattern) -> tuple[int, bool]:
    """The bytes that members can end with, and whether the empty text is a member."""
    match pattern:
        case Literal(text):
            return (1 << text[-1], False) if text else (0, True)
        case Chars(mask):
            return mask, False
        case Star(mask):
            return mask, True
        case Union(options):
            ends = [last_bytes(o) for o in options if not is_empty_language(o)]
            mask = 0
            for more, _ in ends:
                mask |= more
            return mask, any(empty for _, empty in ends)
        case Concat(parts):
            mask = 0
            for part in reversed(parts):
                more, empty = last_bytes(part)
                mask |= more
                if not empty:
                    return mask, False
            return mask, True


def _folder(head: bytes) -> bytes:
    return head[: head.rindex(b"/", 0, -1) + 1]


class PrefixIndex(Generic[T]):
    """An index of things by the texts that they begin with, to find those that may overlap."""

    def __init__(self, things: Iterable[tuple[T, tuple[bytes, ...]]]) -> None:
        """Each thing comes with its `starts`."""
        self._things: list[T] = []
        places: dict[bytes, list[int]] = {}
        for thing, starts in things:
            for head in starts:
                places.setdefault(head, []).append(len(self._things))
            self._things.append(thing)
        self._heads = sorted(places)
        self._places = [places[head] for head in self._heads]
        self._within = within(self._heads)
        self._known: dict[tuple[bytes, ...], tuple[T, ...]] = {}

    def meeting(self, starts: tuple[bytes, ...]) -> tuple[T, ...]:
        """The things that may overlap one with these beginnings, each once, in order."""
        known = self._known.get(starts)
        if known is None:
            known = self._known[starts] = tuple(self._meeting(starts))
        return known

    def _meeting(self, starts: Iterable[bytes]) -> list[T]:
        found: set[int] = set()
        for head in starts:
            behind = bisect_right(self._heads, head)
            at = behind - 1  # whatever the head begins with is this one, or this one is within it
            while at >= 0:
                if head.startswith(self._heads[at]):
                    found.update(self._places[at])
                at = self._within[at]
            for at in range(behind, len(self._heads)):
                if not self._heads[at].startswith(head):
                    break
                found.update(self._places[at])
        return [self._things[place] for place in sorted(found)]


def may_meet(one: tuple[bytes, ...], other: tuple[bytes, ...]) -> bool:
    """Whether patterns with these heads may have a member in common."""
    return any(a.startswith(b) or b.startswith(a) for a in one for b in other)


@lru_cache(maxsize=200_000)
def common_file(one: Pattern, other: Pattern, spared: Pattern) -> bytes | None:
    """A shortest common member that is a file and not spared, None when there is none."""
    few, many = (one, other) if members(one) is not None else (other, one)
    listed = members(few)
    if listed is not None:
        found = (path for path in listed if has(many, path))
        return min((path for path in found if _is_unspared(path, spared)), key=cost, default=None)
    automata: list[Automaton[Any]] = [_lazy(one), _lazy(other)]
    first = shortest_common(automata)
    if first is None or _is_unspared(first, spared):
        return first
    return shortest_common([*automata, FILES, Complement(_lazy(spared))])


@lru_cache(maxsize=200_000)
def overlap(one: Pattern, other: Pattern) -> bool:
    """Whether two patterns have a common member."""
    few, many = (one, other) if members(one) is not None else (other, one)
    listed = members(few)
    if listed is not None:
        return any(has(many, text) for text in listed)
    return have_common([_lazy(one), _lazy(other)])


def _is_unspared(path: bytes, spared: Pattern) -> bool:
    return member(FILES, path) and not has(spared, path)


def has(pattern: Pattern, text: bytes) -> bool:
    """Whether a text is a member."""
    listed = members(pattern)
    return text in listed if listed is not None else member(_lazy(pattern), text)


def _real(pattern: Pattern) -> bytes | None:
    """A shortest member that is a path as the kernel names it, None when there is none."""

    return shortest_common([_lazy(pattern), PATHS])


@lru_cache(maxsize=10_000)
def _lazy(pattern: Pattern) -> Lazy:
    return Lazy(pattern)
