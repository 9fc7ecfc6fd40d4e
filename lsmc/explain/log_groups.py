"""Groups log records into few causes.

Records have one cause when they name the same subject, class, operation, permissions and object,
where numbers that differ from run to run (process ids, user ids, descriptors, random names) count
as equal; the module says which numbers.  Grouping asks no policy and keeps one record of each
cause, so memory does not grow with the log; beyond a bound of causes they are folded further
(`lsmc.explain.folding`), and every record stays counted.

What is kept does not depend on the order of the records: the record of a cause is the earliest one,
and of many processes and hosts those are named that come first in the alphabet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from fnmatch import translate
from typing import Any, NamedTuple

from lsmc.explain.folding import Folding, Wider
from lsmc.kernels.outlines import Sighting
from lsmc.logs.reader import BrokenLine, LogReader
from lsmc.logs.record import Record

#: Causes that are kept, and processes and hosts that are named for each.
MAX_CAUSES = 10_000
MAX_PROCESSES = 8
#: Records like each other whose counts are added up at a time.
_MOST_TALLIES = 1 << 14
_MOST_HOSTS = 64
#: Records between two signs of progress.
_STEP = 5_000
_NO_TIME = 1 << 62


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
        about: (record, how often its key was made wider) what a record is about.
        names: the names, addresses and numbers of a record's object as they are, of which the key
            says less.
        alike: what a key says of the name and of the local port of a sighting.
        wider: functions from a key to one that more records have, each for the keys that the one
            before it gives; the last gives few keys, whatever the log.
    """

    key: Callable[[Any], Hashable]
    about: Callable[[Any, int], About]
    names: Callable[[Any], Hashable]
    alike: Callable[[str, str], Hashable]
    wider: tuple[Wider, ...]

    def differ(self, one: Any, other: Any) -> bool:
        """Whether two records of one cause have different objects."""
        return self.names(one) != self.names(other)

    def by_site(self) -> Grouping:
        """The same grouping of keys with a site before them, however wide they are."""

        def beside(wider: Wider) -> Wider:
            return lambda key: (key[0], wider(key[1]))  # type: ignore[index]

        return self._replace(wider=tuple(map(beside, self.wider)))


class NameCounts:
    """Names with the number of records of each: of many, those first in the alphabet."""

    __slots__ = ("counts", "more")

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.more = False

    def add(self, name: str, count: int) -> None:
        """Count records of a name."""
        counts = self.counts
        if name in counts:
            counts[name] += count
            return
        if len(counts) >= MAX_PROCESSES:
            self.more = True
            last = max(counts)
            if name > last:
                return
            del counts[last]
        counts[name] = count

    def add_all(self, other: NameCounts) -> None:
        """Count the records of other names."""
        for name, count in other.counts.items():
            self.add(name, count)
        self.more = self.more or other.more


class Cause:
    """A group of records that ask for the same.

    Attributes:
        record: the earliest of them.
        cls: what it is about, as in `About`; likewise `denied` and `pattern`.
        count: the number of records; `first` and `last` are the times of the first and the last.
        processes: the programs with the number of records of each; `more` if there are others.
        hosts: the hosts that the lines name, likewise.
        varied: whether the records have different objects.
        width: how often their key was made wider, as there were too many causes.
    """

    __slots__ = (
        "_names",
        "_object",
        "cls",
        "count",
        "denied",
        "first",
        "hosts",
        "last",
        "pattern",
        "record",
        "varied",
        "width",
    )

    def __init__(self, record: Record, about: About, width: int = 0) -> None:
        self.record = record
        self.cls, self.denied, self.pattern, self._object = about
        self.count = 0
        self.first: int | None = None
        self.last: int | None = None
        self._names = NameCounts()
        self.hosts = NameCounts()
        self.varied = False
        self.width = width

    @property
    def processes(self) -> dict[str, int]:
        """The programs with the number of records of each."""
        return self._names.counts

    @property
    def more(self) -> bool:
        """Whether there are processes that are not named."""
        return self._names.more

    @property
    def object(self) -> str:
        """The object of the records: the exact one if all records share it."""
        return self.pattern if self.varied else self._object

    @property
    def order(self) -> tuple[int, str, int]:
        """What its record is the first by: time, log, and line."""
        return _order(self.record)

    def see(self, record: Record, grouping: Grouping) -> None:
        """Compare a record of the cause to the one that is kept, and keep the earlier."""
        if not self.varied and grouping.differ(record, self.record):
            self.varied = True
        if record is not self.record and _order(record) < self.order:
            self.record = record
            self.cls, self.denied, self.pattern, self._object = grouping.about(record, self.width)

    def add(
        self,
        count: int,
        first: int | None,
        last: int | None,
        command: str | None,
        hosts: Mapping[str, int],
    ) -> None:
        """Count records between two times, of a process, on some hosts."""
        self.count += count
        self._span(first, last)
        if command is not None:
            self._names.add(command, count)
        for host, some in hosts.items():
            if host:
                self.hosts.add(host, some)

    def take(self, other: Cause, grouping: Grouping) -> None:
        """Add the records of another cause."""
        self.see(other.record, grouping)
        self.varied = self.varied or other.varied
        self.count += other.count
        self._span(other.first, other.last)
        self._names.add_all(other._names)
        self.hosts.add_all(other.hosts)

    def copy(self, grouping: Grouping, width: int) -> Cause:
        """The same cause apart from this one, under a key that was made so wide."""
        found = Cause(self.record, grouping.about(self.record, width), width)
        found.take(self, grouping)
        return found

    def moved(self, place: Callable[[Record], Record], grouping: Grouping) -> Cause:
        """The same cause, its record at another place."""
        found = self.copy(grouping, self.width)
        found.record = place(self.record)
        return found

    def _span(self, first: int | None, last: int | None) -> None:
        if first is not None and (self.first is None or first < self.first):
            self.first = first
        if last is not None and (self.last is None or last > self.last):
            self.last = last


def _order(record: Record) -> tuple[int, str, int]:
    epoch = record.epoch if record.epoch is not None else _NO_TIME
    file, line = record.source or ("", 0)
    return epoch, file, line


class RecordCounts(NamedTuple):
    """Counts of records: grouped, excluded by an option, or in causes that were folded further."""

    grouped: int
    too_early: int
    other_profiles: int
    statuses: int
    folded: int


class _Tally:
    """Records of one key: the earliest, how many there are by host, and when the last was.

    `varied` is as for a cause.
    """

    __slots__ = ("first", "hosts", "last", "name", "record", "varied")

    def __init__(self, record: Record, sighting: Sighting) -> None:
        self.record = record
        self.name = sighting.name
        self.first = self.last = sighting.epoch
        self.hosts = {sighting.host: 1}
        self.varied = False


class Causes:
    """Groups records as they are read."""

    def __init__(
        self,
        grouping: Grouping,
        *,
        since: float | None = None,
        profile: str | None = None,
        most: int = MAX_CAUSES,
        site: Callable[[str], Hashable] | None = None,
    ) -> None:
        """No causes yet.

        Args:
            grouping: which records have one cause.
            since: a time in seconds since 1970; older records are only counted.
            profile: a glob; records of other subjects are only counted.
            most: the bound of causes.
            site: to what a host belongs; records of two sites never have one cause, and its key is
                a pair of the site and the key of the grouping.
        """
        self.grouping = grouping if site is None else grouping.by_site()
        self.since = since
        self._site = site
        self._wanted = re.compile(translate(profile)) if profile is not None else None
        self.folding = Folding(self.grouping, most)
        self._grouped = self._early = self._others = self._statuses = 0

    @property
    def counts(self) -> RecordCounts:
        """The counts of the records added so far."""
        return RecordCounts(
            grouped=self._grouped,
            too_early=self._early,
            other_profiles=self._others,
            statuses=self._statuses,
            folded=sum(cause.count for cause in self.folding.causes() if cause.width),
        )

    def add(self, record: Record, host: str = "") -> None:
        """Add a record; a record without a time is never too early."""
        epoch = record.epoch
        if self.since is not None and epoch is not None and epoch < self.since:
            self._early += 1
        else:
            self._count(record, {host: 1}, epoch, epoch)

    def read(self, reader: LogReader, progress: Callable[[], None] | None = None) -> None:
        """Add the records of logs; raises `UnreadableLog`.

        Records like each other are counted, and added together.  `progress` is called from time to
        time.
        """
        exact: dict[tuple[int, str, str, Hashable], _Tally] = {}
        tallies: dict[tuple[int, Hashable, Hashable], _Tally] = {}
        since, path = self.since, ""
        site: Hashable = None
        following = _STEP
        for entry in reader.sightings():
            if progress is not None and reader.records >= following:
                following = reader.records + _STEP
                progress()
            if not isinstance(entry, Sighting):
                if not isinstance(entry, BrokenLine):
                    self.add(entry, reader.host)
                continue
            epoch = entry.epoch
            if since is not None and epoch < since:
                self._early += 1
                continue
            if reader.path != path or len(tallies) >= _MOST_TALLIES:
                self._settle(tallies)
                exact.clear()
                path = reader.path
            if self._site is not None:
                site = self._site(entry.host)
            tally = exact.get((entry.like, entry.name, entry.port, site))
            if tally is None:
                alike = (entry.like, self.grouping.alike(entry.name, entry.port), site)
                tally = tallies.get(alike)
                if tally is None:
                    tally = tallies[alike] = _Tally(reader.record(entry), entry)
                    exact[entry.like, entry.name, entry.port, site] = tally
                    continue
                if not tally.varied and entry.name != tally.name:
                    tally.varied = self.grouping.differ(reader.record(entry), tally.record)
            hosts, host = tally.hosts, entry.host
            if host in hosts:
                hosts[host] += 1
            elif len(hosts) < _MOST_HOSTS:
                hosts[host] = 1
            else:
                self.add(reader.record(entry), host)
                continue
            if epoch > tally.last:
                tally.last = epoch
            elif epoch < tally.first:
                tally.first = epoch
                tally.record = reader.record(entry)
        self._settle(tallies)

    def _settle(self, tallies: dict[tuple[int, Hashable, Hashable], _Tally]) -> None:
        """Add what was counted."""
        for one in tallies.values():
            cause = self._count(one.record, one.hosts, one.first, one.last)
            if cause is not None and one.varied:
                cause.varied = True
        tallies.clear()

    def _is_wanted(self, subject: str) -> bool:
        """Whether records of a subject count; of a path, its last part may be asked for."""
        if self._wanted is None:
            return True
        return any(map(self._wanted.match, (subject, subject.rpartition("/")[2])))

    def _count(
        self, record: Record, hosts: Mapping[str, int], first: int | None, last: int | None
    ) -> Cause | None:
        """Add records like one, the earliest of them, unless they are left out."""
        count = sum(hosts.values())
        if not self._is_wanted(record.subject or ""):
            self._others += count
            return None
        if record.outcome == "none":
            self._statuses += count
            return None
        self._grouped += count
        key = self.grouping.key(record)
        if self._site is not None:
            key = self._site(next(iter(hosts), "")), key
        cause = self.folding.find(key)
        if cause is None:
            cause = self.folding.add(key, Cause(record, self.grouping.about(record, 0)))
        cause.see(record, self.grouping)
        cause.add(count, first, last, record.command, hosts)
        return cause

    def __len__(self) -> int:
        return len(self.folding)

    def sorted(self) -> list[Cause]:
        """The causes, most frequent first, then by their first time."""
        return sorted(self.folding.causes(), key=lambda cause: (-cause.count, cause.order))
