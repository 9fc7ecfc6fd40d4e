"""Types and attributes as sets: which contain which, and which are the same.

A label is a type or an attribute by its number.  Its *canonical* label stands for all labels with
the same members: the type for those with one member, else the attribute of the lowest number.
"""

from __future__ import annotations

from functools import cached_property

from lsmc.modules.selinux.model import NOTSELF, OTHER, SELF, Policy

#: A source and a target: pairs of types that a rule is about.
Pair = tuple[int, int]


class Labels:
    """The types and attributes of a policy."""

    def __init__(self, policy: Policy) -> None:
        self._count = len(policy.types)
        self._members = [attribute.members for attribute in policy.attributes]
        self._masks = [sum(1 << one for one in members) for members in self._members]
        #: Whether there are rules for each type but the source.
        self._apart = any(NOTSELF in rules.target for rules in policy.rules.values())

    def members(self, label: int) -> frozenset[int]:
        """The types of a label."""
        if label < self._count:
            return frozenset((label,))
        return self._members[label - self._count]

    def is_attribute(self, label: int) -> bool:
        """Whether a label is an attribute; `self` and its like are none."""
        return self._count <= label < OTHER

    @cached_property
    def canonical(self) -> list[int]:
        """The canonical label of each label."""
        first: dict[int, int] = {}
        found = list(range(self._count))
        for number, mask in enumerate(self._masks, self._count):
            if mask and not mask & (mask - 1):
                found.append(mask.bit_length() - 1)
            else:
                found.append(first.setdefault(mask, number))
        return found

    @cached_property
    def containing(self) -> list[tuple[int, ...]]:
        """The canonical labels that contain each canonical label, itself among them.

        Of a label that is not canonical, and of one without members, there are none.
        """
        found: list[list[int]] = [[one] for one in range(self._count)]
        masks = dict(enumerate(self._masks, self._count))
        proper = [one for one, mask in masks.items() if mask and self.canonical[one] == one]
        for one in proper:
            for member in self._members[one - self._count]:
                found[member].append(one)
        for number, mask in masks.items():
            if self.canonical[number] == number and mask:
                found.append([one for one in proper if not mask & ~masks[one]])
            else:
                found.append([])
        return [tuple(one) for one in found]

    def pair(self, source: int, target: int) -> Pair:
        """The canonical form of what a rule is about."""
        source = self.canonical[source]
        if target == SELF:
            return source, source if source < self._count else SELF
        return source, target if target >= OTHER else self.canonical[target]

    def targets(self, source: int, target: int) -> tuple[int, ...]:
        """The targets that, with each label that contains the source, contain a canonical pair."""
        if target == SELF:
            return (SELF, *self.containing[source])
        if target == OTHER:
            return (OTHER, NOTSELF, *self.containing[source])
        if target == NOTSELF:
            return (NOTSELF, *self._everything)
        found = self.containing[target]
        if source == target and source < self._count:
            return (SELF, *found)
        if self._apart and not self.members(source) & self.members(target):
            return (NOTSELF, *found)
        return found

    @cached_property
    def _everything(self) -> tuple[int, ...]:
        """The canonical labels that contain all types."""
        whole = (1 << self._count) - 1
        return tuple(
            {self.canonical[n] for n, mask in enumerate(self._masks, self._count) if mask == whole}
        )
