"""Which rules make the automata of a profile too large: without them it has room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from lsmc.automata.partition import Kind, kind_of
from lsmc.automata.pattern import Concat, Literal, Pattern, Star
from lsmc.base.source import Span
from lsmc.ir.model import Profile, Rule, Unit, Use

#: Rules that are tried without, at the most.
_MOST = 64


class Costly(NamedTuple):
    """Rules, where they are written, and the states that are needed without them."""

    rules: Sequence[Span]
    states: int


def costly(profile: Profile, states: Callable[[Profile], int | None]) -> Costly | None:
    """The rules without which a profile has room, the likeliest first; None if none are found.

    `states` tells how many states a profile needs, None if there are too many.
    """
    weights: dict[Span, int] = {}
    for rule in profile.rules:
        weight = _weight(rule)
        if weight:
            weights[rule.origin] = max(weight, weights.get(rule.origin, 0))
    suspects = sorted(weights, key=lambda origin: -weights[origin])[:_MOST]
    low, high = 0, 1
    found: Costly | None = None
    while low < len(suspects) and found is None:
        left = _without(profile, suspects[:high], states)
        if left is None:
            low, high = high, 2 * high
        else:
            found = Costly(suspects[:high], left)
    if found is None:
        return None
    high = len(found.rules)
    while high - low > 1:  # fewer may do
        middle = (low + high) // 2
        left = _without(profile, suspects[:middle], states)
        if left is None:
            low = middle
        else:
            high, found = middle, Costly(suspects[:middle], left)
    return found


def _without(
    profile: Profile, rules: Sequence[Span], states: Callable[[Profile], int | None]
) -> int | None:
    gone = set(rules)
    uses = (
        Use(Unit(tuple(rule for rule in use.unit.rules if rule.origin not in gone)), use.via)
        for use in profile.uses
    )
    return states(replace(profile, uses=tuple(uses)))


def _weight(rule: Rule) -> int:
    """How likely a rule is to multiply states; 0 for one that does not."""
    return max((_pattern_weight(pattern) for pattern in rule.fields), default=0)


def _pattern_weight(pattern: Pattern) -> int:
    """Each part behind the first loop that is not fixed text doubles the states, at worst."""
    kind = kind_of(pattern)
    if kind < Kind.COMPONENT:
        return 0
    parts = pattern.parts if isinstance(pattern, Concat) else (pattern,)
    first = next((at for at, part in enumerate(parts) if isinstance(part, Star)), 0)
    behind = sum(not isinstance(part, Literal) for part in parts[first + 1 :])
    return 1 + behind + (len(parts) if kind is Kind.MULTIPLIES else 0)
