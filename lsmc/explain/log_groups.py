"""Groups log records into few causes.

Records have one cause when they name the same subject, class, operation, permissions and object,
where numbers that differ from run to run (process ids, user ids, descriptors, random names) count
as equal; the module says which numbers.  Grouping asks no policy and keeps one record of each
cause, so memory does not grow with the log; beyond a bound of causes the records are only counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from fnmatch import translate
from typing import Any, NamedTuple

from lsmc.logs.record import Record

#: Causes that are kept, and processes that are named for each.
MAX_CAUSES = 10_000
MAX_PROCESSES = 8


class About(NamedTuple):
    """What a record is about.

    Attributes:
        cls: the mediation class, "" where it cannot be told.
        denied: what was refused, as the record writes it; empty where the class says it all.
        pattern: the object in a few words, with `*` for numbers that differ from run to run.
        object: the object where all records of the cause are about the same.
    """

    cls: str
    denied: str
    pattern: str
    object: str


class Grouping(NamedTuple):
    """How records of a module are grouped.

    Attributes:
        key: what the records of a cause have in common.
        about: what a record is about.
        differ: whether two records of one cause have different objects.
    """

    key: Callable[[Any], Hashable]
    about: Callable[[Any], About]
    differ: Callable[[Any, Any], bool]


class Cause:
    """A group of records that ask for the same; `record` is the first of them."""

    __slots__ = (
        "_object",
        "cls",
        "count",
        "denied",
        "first",
        "last",
        "more",
        "pattern",
        "processes",
        "record",
        "varied",
    )

    def __init__(self, record: Record, about: About) -> None:
        self.record = record
        self.cls, self.denied, self.pattern, self._object = about
        self.count = 0
        self.first: int | None = None
        self.last: int | None = None
        self.processes: dict[str, int] = {}
        self.more = False  # processes beyond those that are kept
        self.varied = False  # whether the objects differ in what was folded

    def add(self, record: Record, differ: Callable[[Any, Any], bool]) -> None:
        """Count one more record."""
        self.count += 1
        epoch = record.epoch
        if epoch is not None:
            if self.first is None or epoch < self.first:
                self.first = epoch
            if self.last is None or epoch > self.last:
                self.last = epoch
        command = record.command
        if command is not None:
            known = self.processes
            if command in known or len(known) < MAX_PROCESSES:
                known[command] = known.get(command, 0) + 1
            else:
                self.more = True
        if not self.varied and differ(record, self.record):
            self.varied = True

    @property
    def object(self) -> str:
        """The object of the records: the exact one if all records share it."""
        return self.pattern if self.varied else self._object


class Counts(NamedTuple):
    """Counts of records: grouped, excluded by an option, or beyond the bound."""

    grouped: int
    too_early: int
    other_profiles: int
    statuses: int
    overflow: int


class Causes:
    """Groups records as they are read."""

    def __init__(
        self,
        grouping: Grouping,
        *,
        since: float | None = None,
        profile: str | None = None,
        most: int = MAX_CAUSES,
    ) -> None:
        self.grouping = grouping
        self.since = since
        self.most = most
        self._wanted = re.compile(translate(profile)) if profile is not None else None
        self._known: dict[Hashable, Cause] = {}
        self._grouped = self._early = self._others = self._statuses = self._overflow = 0

    @property
    def counts(self) -> Counts:
        """The counts of the records added so far."""
        return Counts(
            grouped=self._grouped,
            too_early=self._early,
            other_profiles=self._others,
            statuses=self._statuses,
            overflow=self._overflow,
        )

    def add(self, record: Record) -> None:
        """Add a record; a record without a time is never too early."""
        if self.since is not None and record.epoch is not None and record.epoch < self.since:
            self._early += 1
            return
        if self._wanted is not None and not self._wanted.match(record.subject or ""):
            self._others += 1
            return
        if record.outcome == "none":
            self._statuses += 1
            return
        key, about, differ = self.grouping
        found = key(record)
        cause = self._known.get(found)
        if cause is None:
            if len(self._known) >= self.most:
                self._overflow += 1
                return
            cause = self._known[found] = Cause(record, about(record))
        self._grouped += 1
        cause.add(record, differ)

    def __len__(self) -> int:
        return len(self._known)

    def sorted(self) -> list[Cause]:
        """The causes, most frequent first, then by their first time."""
        order = enumerate(self._known.values())
        return [cause for _, cause in sorted(order, key=lambda pair: (-pair[1].count, pair[0]))]
