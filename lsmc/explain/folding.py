"""Keeps the number of causes bounded: where there are too many, siblings are folded into one.

The module gives functions that make a key wider, so that more records have it: the files of a
directory, say, then those below a directory, at last all.  Causes whose keys become the same by the
next of them are siblings.  At each level a number of siblings may stand apart; more are one cause.
The levels go on from many siblings to none, and then to the next function.

The level is the first at which the causes fit.  It depends on which records there are, not on their
order nor on how they were divided: the size of a level, where siblings that are one count as one
more than may stand apart, never falls when records are added, and never grows from level to level.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lsmc.explain.log_groups import Cause, Grouping

Wider = Callable[[Hashable], Hashable]
#: How many siblings may stand apart, for each function from level to level.
APART = (64, 16, 4, 1, 0)


class Folding:
    """The causes that are kept, by their keys, as wide as they had to be made.

    Attributes:
        grouping: how the keys of the records are made.
        most: the bound of the size.
        level: 0 where no cause is folded.
    """

    def __init__(self, grouping: Grouping, most: int, level: int = 0) -> None:
        self.grouping = grouping
        self.most = most
        self.level = level
        self._causes: dict[Hashable, Cause] = {}
        #: Siblings that stand apart, None for those that are one.
        self._siblings: dict[Hashable, set[Hashable] | None] = {}
        self._size = 0

    def __len__(self) -> int:
        return len(self._causes)

    def causes(self) -> Iterable[Cause]:
        """The causes that are kept."""
        return self._causes.values()

    def items(self) -> Iterable[tuple[Hashable, bool, Cause]]:
        """The causes with their keys, and whether each stands for siblings."""
        for key, cause in self._causes.items():
            yield key, self.level > 0 and self._siblings.get(key, ()) is None, cause

    def find(self, key: Hashable) -> Cause | None:
        """The cause that the records of a key belong to."""
        if self.level == 0:
            return self._causes.get(key)
        base = self._base(key)
        group = self._wider(base)
        one = self._siblings.get(group, ()) is None
        return self._causes.get(group if one else base)

    def add(self, key: Hashable, cause: Cause) -> Cause:
        """Keep the cause of a key that was not found; what its records belong to from now on."""
        base = self._base(key)
        self._put(base, cause if base == key else cause.copy(self.grouping, self._stage - 1))
        while self._size > self.most and self._widen():
            pass
        found = self.find(key)
        assert found is not None
        return found

    def put(self, key: Hashable, folded: bool, cause: Cause) -> None:
        """Add a cause of another folding of the same level, as its `items` have it."""
        if folded:
            self._fold(key, cause)
        else:
            self._put(key, cause)

    def fit(self, level: int) -> None:
        """Go on to a level, and further while the causes do not fit."""
        while (self.level < level or self._size > self.most) and self._widen():
            pass

    @property
    def _stage(self) -> int:
        """The number of the function by which siblings are told, from 1 on."""
        return (self.level + len(APART) - 1) // len(APART)

    @property
    def _apart(self) -> int:
        return APART[(self.level - 1) % len(APART)]

    def _base(self, key: Hashable) -> Hashable:
        for wider in self.grouping.wider[: max(0, self._stage - 1)]:
            key = wider(key)
        return key

    def _wider(self, base: Hashable) -> Hashable:
        return self.grouping.wider[self._stage - 1](base)

    def _put(self, base: Hashable, cause: Cause) -> None:
        """Keep a cause under a key that is as wide as the level has it."""
        known = self._causes.get(base)
        if self.level == 0:
            if known is None:
                self._size += 1
                self._causes[base] = cause
            else:
                known.take(cause, self.grouping)
            return
        group = self._wider(base)
        siblings = self._siblings.setdefault(group, set())
        if siblings is None:
            self._causes[group].take(cause, self.grouping)
        elif base in siblings and known is not None:
            known.take(cause, self.grouping)
        else:
            siblings.add(base)
            self._size += 1
            self._causes[base] = cause
            if len(siblings) > self._apart:
                self._fold(group, None)

    def _fold(self, group: Hashable, more: Cause | None) -> None:
        """Make siblings one, and a cause that was made of others of them."""
        siblings = self._siblings.get(group, set())
        found = [] if more is None else [more]
        if siblings is None:
            found.append(self._causes.pop(group))
        else:
            found += [self._causes.pop(base) for base in siblings]
            self._size += self._apart + 1 - len(siblings)
        self._siblings[group] = None
        one = found[0].copy(self.grouping, self._stage)
        for cause in found[1:]:
            one.take(cause, self.grouping)
        self._causes[group] = one

    def _widen(self) -> bool:
        """Go on to the next level; False at the last one."""
        if self.level == len(APART) * len(self.grouping.wider):
            return False
        self.level += 1
        if self._apart != APART[0]:
            for group, siblings in list(self._siblings.items()):
                if siblings is not None and len(siblings) > self._apart:
                    self._fold(group, None)
            self._size = sum(
                self._apart + 1 if siblings is None else len(siblings)
                for siblings in self._siblings.values()
            )
            return True
        causes = self._causes
        self._causes, self._siblings, self._size = {}, {}, 0
        for base, cause in causes.items():
            self._put(base, cause)
        return True
