"""Summaries of parts of logs, which can be put together: grouped records as data.

`merge` is associative and commutative: however a log is divided between its records, and in
whatever order the summaries of the parts are merged, the result is that of the whole log.  Each
part is told the number of its first line for that, and the name of its log.  The size of a summary
is bounded, whatever is in the log, and no record is left out of its counts.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from functools import partial
from typing import Any, NamedTuple

from lsmc.explain.folding import Folding
from lsmc.explain.log_groups import MAX_CAUSES, Cause, Causes, Grouping, RecordCounts
from lsmc.logs.reader import KEEP_FAULTS, BrokenLine, LogChunk, LogReader
from lsmc.logs.record import LogFormat, LogPlace, Record


class Kept(NamedTuple):
    """A cause with its key, and whether it stands for siblings (`lsmc.explain.folding`)."""

    key: Hashable
    folded: bool
    cause: Cause


class Summary(NamedTuple):
    """What some lines of logs say.

    Attributes:
        used: the number of lines of records; likewise `skipped` (no records) and `broken`.
        counts: the numbers of records.
        faults: the first broken lines.
        causes: most frequent first, then by the time of the first record.
        level: how far causes were folded, to be at most so many as `most` says.
        most: the bound of causes.
    """

    used: int
    skipped: int
    broken: int
    counts: RecordCounts
    faults: tuple[BrokenLine, ...]
    causes: tuple[Kept, ...]
    level: int
    most: int

    @property
    def lines(self) -> int:
        """The number of lines."""
        return self.used + self.skipped + self.broken

    def moved(self, lines: int, grouping: Grouping) -> Summary:
        """The summary of the same part of a log where so many lines stand before it."""
        if not lines:
            return self
        faults = tuple(
            fault._replace(
                source=_below(fault.source, lines), record=_record_below(fault.record, lines)
            )
            for fault in self.faults
        )
        causes = tuple(
            kept._replace(cause=kept.cause.moved(partial(_record_below, lines=lines), grouping))
            for kept in self.causes
        )
        return self._replace(faults=faults, causes=causes)

    def to_json(self) -> dict[str, object]:
        """The summary, ready for `json.dumps`."""
        return {
            "lines": self.lines,
            "used": self.used,
            "skipped": self.skipped,
            "broken": self.broken,
            **self.counts._asdict(),
            "faults": [[*fault.source, fault.reason] for fault in self.faults],
            "causes": [_cause_json(kept.cause) for kept in self.causes],
        }


def _below(place: LogPlace, lines: int) -> LogPlace:
    return place._replace(line=place.line + lines)


def _record_below(record: Record, lines: int) -> Any:
    return record.at(_below(record.source, lines)) if record.source is not None else record


def _cause_json(cause: Cause) -> dict[str, object]:
    return {
        "count": cause.count,
        "first": cause.first,
        "last": cause.last,
        "hosts": dict(sorted(cause.hosts.counts.items())),
        "more_hosts": cause.hosts.more,
        "processes": dict(sorted(cause.processes.items())),
        "more_processes": cause.more,
        "class": cause.cls,
        "denied": cause.denied,
        "object": cause.object,
        "width": cause.width,
        "record": cause.record.to_json(),
    }


def summarise(
    lines: Iterable[bytes],
    form: LogFormat,
    grouping: Grouping,
    *,
    name: str = "-",
    first: int = 1,
    since: float | None = None,
    profile: str | None = None,
    most: int = MAX_CAUSES,
    site: Callable[[str], Hashable] | None = None,
) -> Summary:
    """What lines of a log say.

    Args:
        lines: lines or any other pieces of a part of a log, which does not begin or end within a
            record.
        form: how the records of a module are read.
        grouping: how they are grouped.
        name: the name of the log, for the places of records.
        first: the number of the first line in the log.
        since: a time in seconds since 1970; older records are only counted.
        profile: a glob; records of other subjects are only counted.
        most: the bound of causes.
        site: to what a host belongs (`Causes`); such summaries are merged with
            `grouping.by_site()`.
    """
    reader = LogReader([LogChunk(name, lines, first)], form)
    causes = Causes(grouping, since=since, profile=profile, most=most, site=site)
    causes.read(reader)
    return summary_of(reader, causes)


def summary_of(reader: LogReader, causes: Causes) -> Summary:
    """What the lines of a reader say that were all read to some causes."""
    return _summary(
        (reader.used, reader.skipped, reader.broken), causes.counts, reader.faults, causes.folding
    )


def merge(one: Summary, other: Summary, grouping: Grouping) -> Summary:
    """The summary of the lines of both, which were made with the same grouping and bound."""
    folding, more = _restored(one, grouping), _restored(other, grouping)
    folding.fit(other.level)
    more.fit(one.level)
    for kept in more.items():
        folding.put(*kept)
    folding.fit(0)
    return _summary(
        (one.used + other.used, one.skipped + other.skipped, one.broken + other.broken),
        RecordCounts(*map(sum, zip(one.counts, other.counts, strict=True))),
        [*one.faults, *other.faults],
        folding,
    )


def _summary(
    lines: tuple[int, int, int],
    counts: RecordCounts,
    faults: Iterable[BrokenLine],
    folding: Folding,
) -> Summary:
    kept = [Kept(*item) for item in folding.items()]
    kept.sort(key=lambda one: (-one.cause.count, one.cause.order, repr(one.key)))
    return Summary(
        *lines,
        counts=counts._replace(folded=sum(one.cause.count for one in kept if one.cause.width)),
        faults=tuple(sorted(faults, key=lambda fault: fault.source)[:KEEP_FAULTS]),
        causes=tuple(kept),
        level=folding.level,
        most=folding.most,
    )


def _restored(summary: Summary, grouping: Grouping) -> Folding:
    folding = Folding(grouping, summary.most, summary.level)
    for key, folded, cause in summary.causes:
        folding.put(key, folded, cause.copy(grouping, cause.width))
    return folding
