"""What a program may do under one subject and under another: decided by all that both allow.

A subject is a profile, a stack of profiles, or no confinement.  Two profiles are compared as two
versions of one are: rule by rule, with a request as the example.  What their executions lead to is
compared in the same way, so profiles that lead to each other are compared together: they differ
only where some chain of executions ends at different rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from lsmc.analysis.change import Change, Direction
from lsmc.analysis.diff import profile_changes
from lsmc.analysis.differing import Answering, ProfilePair
from lsmc.engine.verdict import UNCONFINED
from lsmc.modules.apparmor.analysis.semantics import SEMANTICS
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.decide.subjects import LETTING_MODES
from lsmc.tables.records import ProfileRecord

#: What a program runs under after an execution: a profile, a stack, `unconfined`; None if it is
#: refused.
End: TypeAlias = "str | None"
#: In which directions a change goes, each with a change of a rule as the example if there is one.
Ways: TypeAlias = Mapping[Direction, Change | None]

#: From least to most.
_REFUSED, _CONFINED, _FREE = range(3)
_SAME: Ways = {}
_ALL_WAYS = 2


class Freedom:
    """Compares what programs may do in two policies.

    Attributes:
        engines: the policies.
        renamed: the former names of profiles that the second has under another name.
    """

    def __init__(
        self,
        engines: tuple[Engine, Engine],
        renamed: Mapping[str, str],
        heads: Callable[[ProfileRecord, ProfileRecord], Iterable[Change]],
        directed: Callable[[Change, str], Iterable[Change]],
    ) -> None:
        """A comparison.

        Args:
            engines: the policies.
            renamed: the former names of profiles that the second has under another name.
            heads: what differs between two profiles beside rules and attachments.
            directed: the changes that a change of an execution is, each with its direction: (the
                change, the name of the profile in the first policy).
        """
        self.engines = engines
        self.renamed = renamed
        self._heads = heads
        self._directed = directed
        self._known: dict[tuple[str, str], Ways] = {}
        self._being_compared: set[tuple[str, str]] = set()
        self._assumed = False  # that profiles which are being compared do not differ

    def ways(self, before: End, after: End) -> Ways:
        """How what a program may do changes with what it runs under.

        Of stacks of several profiles this may name a direction in which nothing goes, as where two
        profiles refuse together what none of the others does; never one too few.
        """
        ranks = self._rank(0, before), self._rank(1, after)
        if ranks[0] != ranks[1]:
            return {"wider" if ranks[1] > ranks[0] else "narrower": None}
        if ranks[0] != _CONFINED:
            return _SAME
        was, now = self._confining(0, before), self._confining(1, after)
        if len(was) == len(now) == 1:
            return self._between(was[0], now[0])
        found: dict[Direction, Change | None] = {}
        pairs = {(one, other): self._between(one, other) for one in was for other in now}
        if not all(any("wider" not in pairs[one, other] for other in now) for one in was):
            found["wider"] = None
        if not all(any("narrower" not in pairs[one, other] for one in was) for other in now):
            found["narrower"] = None
        return found

    def is_free(self, side: int, end: End) -> bool:
        """Whether a program runs under nothing that refuses it anything."""
        return self._rank(side, end) == _FREE

    def _rank(self, side: int, end: End) -> int:
        if end is None:
            return _REFUSED
        return _CONFINED if self._confining(side, end) else _FREE

    def _confining(self, side: int, end: End) -> list[str]:
        """The components of a subject that refuse anything: one that lets all pass is as none."""
        parts = dict.fromkeys((end or "").split("//&"))
        return [name for name in parts if name != UNCONFINED and not self._lets_all(side, name)]

    def _lets_all(self, side: int, name: str) -> bool:
        record = self.engines[side].find(name)
        return record is not None and record.mode in LETTING_MODES

    def _between(self, before: str, after: str) -> Ways:
        """How a profile of the second policy differs from one of the first."""
        if self.renamed.get(after, after) == before:
            return _SAME  # what changes in it is told of itself
        key = (before, after)
        if key in self._being_compared:
            self._assumed = True
            return _SAME  # what differs between them is found where this was begun
        if key in self._known:
            return self._known[key]
        assumed, self._assumed = self._assumed, False
        self._being_compared.add(key)
        ways = self._found(before, after)
        self._being_compared.remove(key)
        if not self._being_compared or not self._assumed or len(ways) == _ALL_WAYS:
            self._known[key] = ways
        self._assumed = assumed or self._assumed
        return ways

    def _found(self, before: str, after: str) -> Ways:
        found: dict[Direction, Change] = {}
        for change in self._changes(before, after):
            if change.shows and change.direction != "other":
                found.setdefault(change.direction, change)
            if len(found) == _ALL_WAYS:
                break
        return found

    def _changes(self, before: str, after: str) -> Iterator[Change]:
        records = self.engines[0].find(before), self.engines[1].find(after)
        one, other = records
        assert one is not None
        assert other is not None
        yield from self._heads(one, other)
        first, second = self.engines
        answering: Answering = (first.answer, second.answer)
        tables = (first.tables, second.tables)
        pair = ProfilePair(SEMANTICS, tables, (one, other), answering)
        for change in profile_changes(pair):
            yield from self._directed(change, before)
