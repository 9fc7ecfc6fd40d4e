"""Splitting a set of patterns into groups whose automata stay small.

An automaton that remembers *which* of k unanchored patterns matched may need 2^k states, so no
single table will do; one table a pattern makes every query walk them all.  Between the two, groups
are made under a budget: a table may have a few states for each position of its patterns.

Only some patterns multiply states.  A finite language never does (a node of the trie is one string,
whatever else is being tracked).  One loop, then text, behaves like a keyword search: about one
state a byte.  What multiplies is a loop that is entered and left on the way, so that having passed
it is a fact of its own: `**/x*` and its like.  Those are kept apart from the start, few to a group;
everything is then built once, and what still passes its budget is cut by kind and then in halves.
Yu et al. (ANCS 2006) group by measured pairwise growth; here reading the pattern is enough, and
building every pair was rejected.
"""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from lsmc.automata.determinize import determinize_nfa
from lsmc.automata.dfa import MAX_STATES, Dfa, StateLimit
from lsmc.automata.nfa import build_nfa
from lsmc.automata.pattern import (
    Chars,
    Concat,
    Literal,
    Pattern,
    Star,
    Union,
    literal_prefix,
    mask_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

Group = tuple[tuple[int, ...], Dfa]

SLASH = 1 << ord("/")
_LOOPLESS = frozenset((Literal, Chars))
# How many patterns that multiply states may share a group when one can match inside another's loop.
CROWD = 8
#: Patterns of one group: a stored accept set has a length of 16 bits.
MAX_PATTERNS = 1 << 15


#: States that all patterns of one run may have beyond their share.
MAX_SPARE = 1 << 18


class Spare:
    """The states left for single patterns of a run that need more than their share."""

    __slots__ = ("left",)

    def __init__(self, states: int = MAX_SPARE) -> None:
        self.left = states


class Kind(IntEnum):
    """How a pattern makes automata grow, mildest first."""

    FINITE = 0
    TAIL = 1  # one loop, at the end
    COMPONENT = 2  # loops that cannot cross a `/`
    SEARCH = 3  # loops over `/` with text behind them
    MULTIPLIES = 4  # a loop, text that lies within it, and a loop that the text lies within


@lru_cache(maxsize=1 << 16)
def kind_of(pattern: Pattern) -> Kind:
    """How a pattern makes automata grow."""
    parts = pattern.parts if isinstance(pattern, Concat) else (pattern,)
    loops = [mask for part in parts if type(part) not in _LOOPLESS for mask in _loops(part)]
    if not loops:
        return Kind.FINITE
    if _multiplies(parts):
        return Kind.MULTIPLIES
    if len(loops) == 1 and isinstance(parts[-1], Star):
        return Kind.TAIL
    return Kind.SEARCH if any(mask & SLASH for mask in loops) else Kind.COMPONENT


def _loops(pattern: Pattern) -> tuple[int, ...]:
    """All sets that a pattern loops over."""
    return () if type(pattern) in _LOOPLESS else _loops_within(pattern)


@lru_cache(maxsize=1 << 16)
def _loops_within(pattern: Pattern) -> tuple[int, ...]:
    match pattern:
        case Star(mask):
            return (mask,) if mask else ()
        case Concat(parts) | Union(parts):
            return tuple([mask for part in parts for mask in _loops(part)])
    return ()


def _multiplies(parts: Sequence[Pattern]) -> bool:
    """Whether a loop can be left for another without leaving either's set.

    `**/x*` cannot (its text has a `/`, which ends the second loop): such patterns side by side make
    a keyword search, whose states grow with their sum.  `**/x/**` and `*x*` can: each that has been
    passed is one more fact to remember.
    """
    last = 0
    between: list[Pattern] = []
    for part in parts:
        if isinstance(part, Union) and any(
            _multiplies(option.parts) for option in part.options if isinstance(option, Concat)
        ):
            return True
        loops = _loops(part)
        if not loops:
            between.append(part)
            continue
        loop = 0
        for mask in loops:
            loop |= mask
        if last and all(_fits(text, last & loop) for text in between):
            return True
        last, between = loop, []
    return False


def _fits(pattern: Pattern, mask: int) -> bool:
    """Whether some member of a pattern without loops has all its bytes in a set."""
    match pattern:
        case Literal(text):
            return not mask_of(text) & ~mask
        case Chars(members):
            return bool(members & mask)
        case Concat(parts):
            return all(_fits(part, mask) for part in parts)
        case Union(options):
            return any(_fits(option, mask) for option in options)
    return True


def partition(
    patterns: Sequence[Pattern],
    *,
    growth: int = 4,
    slack: int = 256,
    spare: Spare | None = None,
) -> list[Group]:
    """Groups of pattern numbers, each with the table of its patterns numbered from 0 in order.

    A group has at most `growth` states a position and `slack` more; one of a single pattern may
    take more from what is `spare`.  Raises `StateLimit` with the number of a pattern for which that
    is not enough, or that passes the absolute limit by itself.
    """
    spare = spare or Spare()
    kinds = [kind_of(pattern) for pattern in patterns]
    plain = [number for number, kind in enumerate(kinds) if kind < Kind.MULTIPLIES]
    crowds = _spread(patterns, [n for n, kind in enumerate(kinds) if kind == Kind.MULTIPLIES])
    if plain and len(crowds) == 1:
        plain, crowds = list(range(len(patterns))), []
    groups: list[Group] = []
    for group in [plain, *crowds] if plain else crowds:
        groups += _build(group, patterns, kinds, growth, slack, spare)
    return groups


def _spread(patterns: Sequence[Pattern], numbers: Sequence[int]) -> list[list[int]]:
    """Bins in which few patterns can match inside each other."""
    bins: list[list[int]] = []
    prefixes = {number: literal_prefix(patterns[number]) for number in numbers}
    for number in sorted(numbers, key=lambda number: (prefixes[number], number)):
        prefix = prefixes[number]
        for crowd in bins:
            if sum(prefix.startswith(prefixes[other]) for other in crowd) < CROWD:
                crowd.append(number)
                break
        else:
            bins.append([number])
    return [sorted(crowd) for crowd in bins]


def _build(
    group: Sequence[int],
    patterns: Sequence[Pattern],
    kinds: Sequence[Kind],
    growth: int,
    slack: int,
    spare: Spare,
) -> list[Group]:
    """The group's table, or those of its parts."""
    if len(group) <= MAX_PATTERNS:
        nfa = build_nfa([patterns[number] for number in group])
        share = growth * len(nfa.symbols) + slack
        limit = share if len(group) > 1 else min(share + max(spare.left, 0), MAX_STATES)
        try:
            dfa = determinize_nfa(nfa, limit)
        except StateLimit:
            if len(group) == 1:
                spare.left -= max(limit - share, 0)
                raise StateLimit(limit, group[0]) from None
        else:
            if len(group) == 1:
                spare.left -= max(dfa.n_states - share, 0)
            return [(tuple(group), dfa)]
    found: list[Group] = []
    for part in _cut(group, kinds):
        found += _build(part, patterns, kinds, growth, slack, spare)
    return found


def _cut(group: Sequence[int], kinds: Sequence[Kind]) -> list[list[int]]:
    """Two parts or more: those that multiply apart, else by kind, else in halves."""
    by_kind: dict[Kind, list[int]] = {}
    for number in group:
        by_kind.setdefault(kinds[number], []).append(number)
    multiplying = by_kind.get(Kind.MULTIPLIES, [])
    if 0 < len(multiplying) < len(group):
        return [[n for n in group if kinds[n] < Kind.MULTIPLIES], multiplying]
    if len(by_kind) > 1:
        return [by_kind[kind] for kind in sorted(by_kind)]
    middle = len(group) // 2
    return [list(group[:middle]), list(group[middle:])]
