"""Sets of pairs of types: what the source and target of a rule stand for.

A set of types is an integer, bit i for type i.  The pairs of a rule are those of a source in
`source` and a target in `target`; with `same` only those of a type with itself, with `apart` only
those of two types.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lsmc.modules.selinux.model import NOTSELF, OTHER, SELF, Policy


class Pairs(NamedTuple):
    """Pairs of types."""

    source: int
    target: int
    same: bool = False
    apart: bool = False

    def meet(self, other: Pairs) -> Pairs | None:
        """The pairs that both have; None if there are none."""
        source, target = self.source & other.source, self.target & other.target
        same, apart = self.same or other.same, self.apart or other.apart
        if same:
            source = target = source & target
        if not source or not target or (same and apart):
            return None
        if apart and source == target and source.bit_count() == 1:
            return None
        return Pairs(source, target, same, apart)

    def targets(self, source: int) -> int:
        """The targets that are with one source, a type's number."""
        bit = 1 << source
        if not self.source & bit:
            return 0
        if self.same:
            return bit & self.target
        return self.target & ~bit if self.apart else self.target


class Members:
    """The types that numbers of types and attributes stand for, as sets of bits."""

    def __init__(self, policy: Policy) -> None:
        self.types = len(policy.types)
        self.all = (1 << self.types) - 1
        self._masks: Sequence[int] = [
            sum(1 << member for member in attribute.members) for attribute in policy.attributes
        ]

    def of(self, number: int) -> int:
        """The types of a type or attribute."""
        return 1 << number if number < self.types else self._masks[number - self.types]

    def pairs(self, source: int, target: int) -> Pairs:
        """The pairs of a rule."""
        sources = self.of(source)
        if target == SELF:
            return Pairs(sources, self.all, same=True)
        if target == NOTSELF:
            return Pairs(sources, self.all, apart=True)
        if target == OTHER:
            return Pairs(sources, sources, apart=True)
        return Pairs(sources, self.of(target))


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits of a set, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
