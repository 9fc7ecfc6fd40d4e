"""The streams of an earlier run in the cache: those of files whose sources are as they were.

An entry holds the streams one behind the other.  Its details are a row for each file: its path, the
numbers of the queries that were made for it, the size of its stream, and what is to be said of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, get_args

from lsmc.base.diagnostics import Diagnostic, Severity
from lsmc.base.source import Source, Span
from lsmc.compiler.cache.entry import (
    CacheEntry,
    DamagedEntry,
    FileAnswers,
    are_numbers,
    entry_parts,
    is_path,
    is_row,
    need,
)
from lsmc.compiler.inputs import DiskFiles, FileQuery, FileState, changed

#: The columns of a diagnostic that are texts, by the names of its attributes.
_TEXTS = ("code", "name", "severity", "message", "help")


class KeptFile(NamedTuple):
    """A file of an earlier run.

    Attributes:
        path: where it is.
        asked: the queries that were made for it.
        data: its stream.
        diagnostics: what is to be said of it.
    """

    path: str
    asked: Sequence[FileQuery]
    data: bytes | memoryview
    diagnostics: Sequence[Diagnostic]


class Kept(NamedTuple):
    """What still holds of an earlier run.

    Attributes:
        files: the files whose sources are as they were, by path and in order.
        record: what the file system answered, and would answer now.
        whole: whether that is all of the run, and it would be found again.
    """

    files: Mapping[str, KeptFile]
    record: Mapping[FileQuery, FileState]
    whole: bool


NOTHING = Kept({}, {}, False)


def from_entry(entry: CacheEntry | None) -> Kept:
    """What still holds of an entry; nothing of a damaged one."""
    if entry is None:
        return NOTHING
    asks = entry.seen.asks
    stale = changed(asks)
    sources = _Sources()
    files: dict[str, KeptFile] = {}
    begin = 0
    try:
        for path, numbers, size, told in _rows(entry.details(), len(asks)):
            data = entry.bundle[begin : begin + size]
            need(len(data) == size)
            begin += size
            if stale.isdisjoint(numbers):
                asked = [asks[number][0] for number in numbers]
                about = [sources.diagnostic(row, asked) for row in told]
                files[path] = KeptFile(path, asked, data, about)
        need(begin == len(entry.bundle))
    except (ValueError, OSError):
        return NOTHING
    record = {ask: answer for number, (ask, answer) in enumerate(asks) if number not in stale}
    return Kept(files, record, entry.seen.whole and not stale)


def _rows(details: Any, asks: int) -> Iterator[tuple[str, list[int], int, list[Any]]]:
    """The rows of details; raises `DamagedEntry`."""
    if not isinstance(details, list):
        raise DamagedEntry
    for row in details:
        need(is_row(row, str, list, int, list))
        path, numbers, size, told = row
        need(is_path(path) and are_numbers(numbers, asks) and size >= 0)
        yield path, numbers, size, told


class _Sources:
    """The texts that diagnostics are about; each is read once."""

    def __init__(self) -> None:
        self._known: dict[str, Source] = {}

    def diagnostic(self, row: Any, asked: Sequence[FileQuery]) -> Diagnostic:
        """A diagnostic of an entry, about a file that was asked for; `DamagedEntry`, OSError."""
        need(is_row(row, *(str for _ in _TEXTS), str, int, int))
        *texts, path, start, end = row
        code, name, severity, message, help_ = texts
        need(severity in get_args(Severity) and severity != "error" and ("read", path) in asked)
        source = self._known.get(path)
        if source is None:
            data = DiskFiles().read(path)
            source = self._known[path] = Source.from_bytes(path, data)
        need(0 <= start <= end <= len(source.text))
        span = Span(source, start, end)
        return Diagnostic(code, name, severity, message, span, help_)


def _row(one: Diagnostic, asked: Sequence[FileQuery]) -> list[Any] | None:
    """A diagnostic for an entry; None for one that says more than an entry has room for.

    It is about a file that was `asked` for, so that its place holds as long as the answers do.
    """
    if one.span is None or one.profile or one.witness or one.related or one.fix:
        return None
    path = one.span.source.path
    if ("read", path) not in asked:
        return None
    return [*(getattr(one, name) for name in _TEXTS), path, one.span.start, one.span.end]


def entry_of(
    files: Iterable[KeptFile],
    listed: Iterable[FileQuery],
    record: Mapping[FileQuery, FileState],
    count: int,
) -> list[bytes | memoryview]:
    """The parts of the entry of a run.

    Args:
        files: its files; those of which more is to be said than an entry has room for are left out,
            and compiled again in each run.
        listed: the queries by which they were found.
        record: the answers to all queries.
        count: how many files there are.
    """
    numbers: dict[FileQuery, int] = {}
    common = [numbers.setdefault(ask, len(numbers)) for ask in listed]
    rows: list[Any] = []
    streams: list[bytes | memoryview] = []
    for file in files:
        told = [_row(one, file.asked) for one in file.diagnostics]
        if None not in told:
            asked = [numbers.setdefault(ask, len(numbers)) for ask in file.asked]
            rows.append((file.path, asked, len(file.data), told))
            streams.append(file.data)
    asks = [(ask, record[ask]) for ask in numbers]
    return entry_parts(FileAnswers(asks, common, len(rows) == count), rows, streams)
