"""Reads records from logs: opens, unpacks and reads them line by line in constant memory.

Compression is recognized by the first bytes, not by the name, since rotated logs are renamed
freely; a rotated set is just several files.  No line is read whole beyond a bound, and every line
is counted once: used (part of a record), skipped (from another program), or broken (a record that
cannot be read, other text on a decision of the module, or a line beyond the bound).
"""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any, NamedTuple, TypeVar, cast

from lsmc.base import zstd
from lsmc.base.text import decode, encode
from lsmc.kernels.outlines import Sighting, outline
from lsmc.logs.envelope import Envelope, from_journal, unwrap
from lsmc.logs.journal import FIRST_FIELD, JournalEntry, read_entry
from lsmc.logs.lines import MAX_LINE, Lines, Pieces, Stream
from lsmc.logs.record import LogError, LogFormat, LogPlace, Record
from lsmc.logs.system import Command, output_of
from lsmc.logs.xz import Xz

STDIN = "-"
#: How many faults, and how many lines of a log without any record, are kept to be shown.
KEEP_FAULTS = 100
KEEP_FOREIGN = 20
#: Lines that a record may be broken into.
CONTINUATIONS = 32
#: Outlines that are known at a time.
_MOST_KNOWN = 1 << 13
#: What a sighting has of its own that are numbers.
_NUMBERS = frozenset(("epoch", "serial", "pid", "port"))


class UnreadableLog(OSError):
    """A log cannot be opened or unpacked: `filename`, and the reason as `strerror`."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(errno.EIO, reason, file)


class BrokenLine(NamedTuple):
    """A broken line, the reason, and the fields that could be read."""

    source: LogPlace
    reason: str
    record: Record


class LogChunk(NamedTuple):
    """Lines of a log that somebody else has read, in pieces, and the number of the first."""

    name: str
    pieces: Iterable[bytes]
    first: int = 1

    @property
    def about(self) -> str:
        """What people call it."""
        return self.name


_Found = TypeVar("_Found", Sighting, Record)


def own_parts(form: LogFormat, sighting: Sighting) -> dict[str, str | int]:
    """The fields of a record that are a sighting's own."""
    parts = {field: getattr(sighting, part) for field, part in form.own.items()}
    return {
        field: int(value) if form.own[field] in _NUMBERS else value
        for field, value in parts.items()
        if value != ""
    }


class LogReader:
    """The records of a module in some logs, with counts of all lines.

    Iterate it, or its `entries`, once.  `lines == used + skipped + broken` holds at any time;
    `faults` are the first broken lines, `foreign` the first lines of a log in which no record has
    been found so far, `not_text` the logs that are not text and have none.  `path` and `host` say
    where the entry at hand comes from, but a sighting knows its host itself.
    """

    def __init__(
        self, logs: Iterable[str | Command | LogChunk], form: LogFormat, *, max_line: int = MAX_LINE
    ) -> None:
        self.form = form
        self.logs = tuple(logs)
        self.max_line = max_line
        self.records = self.used = self.skipped = self.broken = 0
        self.faults: list[BrokenLine] = []
        self.foreign: list[Record] = []
        self.not_text: list[str] = []
        self.path = self.host = ""
        self._known: dict[bytes, int] = {}
        self._records: dict[int, Any] = {}
        self._next = 0

    @property
    def lines(self) -> int:
        """The number of lines read."""
        return self.used + self.skipped + self.broken

    def __iter__(self) -> Iterator[Record]:
        """The records in order; raises `UnreadableLog`, also in the middle of a damaged file.

        That a log is not text is raised when none of the logs has a record.
        """
        for entry in self.entries():
            if not isinstance(entry, BrokenLine):
                yield entry

    def entries(self) -> Iterator[Record | BrokenLine]:
        """The records and the broken lines in order; raises as iteration does."""
        for entry in self.sightings():
            yield self.record(entry) if isinstance(entry, Sighting) else entry

    def sightings(self) -> Iterator[Sighting | Record | BrokenLine]:
        """As `entries`, but a record that was read before but for its own parts is a sighting.

        Its outline has the same number for all of them.
        """
        for log in self.logs:
            if isinstance(log, LogChunk):
                lines = Lines(Pieces(log.pieces), self.max_line)
                lines.number = log.first - 1
                yield from self.read(log.name, lines)
                continue
            path = log.name if isinstance(log, Command) else log
            known = self.records
            with open_log(log) as stream:
                lines = Lines(stream, self.max_line)
                try:
                    yield from self.read(path, lines)
                except (OSError, EOFError, lzma.LZMAError, zlib.error) as fault:
                    raise UnreadableLog(path, reason_of(fault)) from fault
                except Exception as fault:
                    # the errors of the optional zstd library have no class known here
                    if type(fault).__name__ != "ZstdError":
                        raise
                    raise UnreadableLog(path, str(fault)) from fault
            if lines.binary and self.records == known:
                self.not_text.append(path)
        if self.not_text and not self.records:
            raise UnreadableLog(self.not_text[0], "it is not text, and has no records")

    def record(self, sighting: Sighting) -> Record:
        """The record of a sighting that was just read."""
        place = LogPlace(self.path, sighting.line)
        found: Record = self._records[sighting.like]._replace(
            source=place, **own_parts(self.form, sighting)
        )
        return found

    def read(self, path: str, lines: Lines) -> Iterator[Sighting | Record | BrokenLine]:
        """As `sightings`, for the lines of one log."""
        self.path = path
        marks = (FIRST_FIELD, *self.form.marks)
        while True:
            if self.records or self.broken or len(self.foreign) == KEEP_FOREIGN:
                found, skipped = lines.scan(marks, self.form.sign, self._worth_reading, self._known)
                self.skipped += skipped
                self.used += len(found)
                self.records += len(found)
                yield from found
            line = next(lines, b"")
            if line == b"":
                return
            entry = self._line(line, lines)
            if entry is not None:
                yield entry

    def _worth_reading(self, line: bytes) -> bool:
        return line.startswith(FIRST_FIELD) or self.form.worth_reading(line)

    def _line(self, line: bytes | None, lines: Lines) -> Sighting | Record | BrokenLine | None:
        """What a line is, and what goes on in the lines after it; None if it was skipped."""
        source = LogPlace(self.path, lines.number)
        if line is None:
            return self._too_long(source)
        if line.startswith(FIRST_FIELD):
            journal = read_entry(line, lines)
            return self._entry(journal, LogPlace(self.path, journal.line))
        if not self.form.worth_reading(line):
            self.skipped += 1
            self._remember(line, source)
            return None
        whole, count = line, 1
        while count < CONTINUATIONS:
            joined = self.form.goes_on(whole, lines.peek())
            if joined is None:
                break
            next(lines)
            whole = joined
            count += 1
        text = decode(whole)
        message = unwrap(text)
        if message is None and self.form.speaks(text):
            message = Envelope(text)
        found = self._record(message, source, count)
        if found is None:
            self._remember(whole, source)
        return found

    def _record(
        self, message: Envelope | None, source: LogPlace, count: int
    ) -> Sighting | Record | BrokenLine | None:
        """Parse the record of a message, unless one like it was, and count its lines."""
        self.host = message.host if message is not None else ""
        sighting = outline(encode(message.text), self.form.sign) if message is not None else None
        if message is not None and sighting is not None:
            sighting.line = source.line
            sighting.host = message.host
            number = self._known.get(sighting.outline)
            if number is not None:
                sighting.like = number
                return self._used(sighting, count)
        try:
            record = self.form.read(message, source) if message is not None else None
        except LogError as fault:
            return self._fault(source, fault.reason, fault.record, count)
        if record is None:
            self.skipped += count
            return None
        if sighting is not None and self._learn(sighting, record):
            return self._used(sighting, count)
        found: Record = record
        return self._used(found, count)

    def _used(self, found: _Found, count: int) -> _Found:
        self.used += count
        self.records += 1
        self.foreign.clear()
        return found

    def _learn(self, sighting: Sighting, record: Any) -> bool:
        """Keep a record for those of its outline, if it has its own parts where they belong."""
        if type(record) is not type(self.form.nothing):  # of another of several modules
            return False
        if record._replace(**own_parts(self.form, sighting)) != record:
            return False
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
            self._records.clear()
        sighting.like = self._next
        self._next += 1
        self._known[sighting.outline] = sighting.like
        self._records[sighting.like] = record
        return True

    def _entry(
        self, entry: JournalEntry, source: LogPlace
    ) -> Sighting | Record | BrokenLine | None:
        """Read a journal entry of several lines: its message is used, other lines are skipped."""
        self.skipped += entry.lines - 1
        if entry.too_long:
            return self._too_long(source)
        return self._record(from_journal(entry.fields), source, 1)

    def _remember(self, line: bytes, source: LogPlace) -> None:
        """Keep a skipped line of a log in which no record was found yet."""
        if not self.records and not self.broken and len(self.foreign) < KEEP_FOREIGN:
            foreign = self.form.foreign
            shown = foreign(decode(line)) if foreign is not None else self.form.nothing
            self.foreign.append(shown.at(source))

    def _too_long(self, source: LogPlace) -> BrokenLine:
        return self._fault(source, f"longer than {self.max_line} bytes", self.form.nothing, 1)

    def _fault(self, source: LogPlace, reason: str, record: Record, count: int) -> BrokenLine:
        self.broken += count
        self.foreign.clear()
        fault = BrokenLine(source, reason, record.at(source))
        if len(self.faults) < KEEP_FAULTS:
            self.faults.append(fault)
        return fault


@contextmanager
def open_log(log: str | Command) -> Iterator[Stream]:
    """Open a log as an unpacked byte stream, `-` for standard input; raises `UnreadableLog`."""
    if isinstance(log, Command):
        try:
            with output_of(log) as output:
                yield cast(Stream, output)
        except OSError as fault:
            raise UnreadableLog(log.name, reason_of(fault)) from fault
        return
    path = log
    try:
        raw: io.BufferedReader[Any] = (
            _standard_input() if path == STDIN else io.BufferedReader(io.FileIO(path))
        )
    except (OSError, ValueError) as fault:
        raise UnreadableLog(path, reason_of(fault)) from fault
    try:
        try:
            stream = unpacked(path, raw)
        except UnreadableLog:
            raise
        except OSError as fault:  # a directory, say
            raise UnreadableLog(path, reason_of(fault)) from fault
        yield stream
    finally:
        if path != STDIN:
            raw.close()


def _standard_input() -> io.BufferedReader:
    stream = sys.stdin.buffer
    if isinstance(stream, io.BufferedReader):
        return stream
    return io.BufferedReader(cast(io.RawIOBase, stream))


#: What is not text, by its first bytes: its lines would all be skipped.
_REFUSED = {
    b"\xff\xfe": "it is UTF-16 text: convert it to UTF-8",
    b"\xfe\xff": "it is UTF-16 text: convert it to UTF-8",
    b"PK\x03\x04": "it is a zip archive: unpack it first",
    b"LPKSHH": "it is journald's own format: use `journalctl --file` with `-o json`",
}


def unpacked(path: str, raw: io.BufferedReader[Any]) -> Stream:
    """The text in a file, told by its first bytes; raises `UnreadableLog` for what is not text."""
    magic = raw.peek(6)[:6]
    packed = cast("IO[bytes]", raw)
    if magic.startswith(b"\x1f\x8b"):
        return cast(Stream, gzip.GzipFile(fileobj=packed))
    if magic.startswith(b"\xfd7zXZ\0"):
        return cast(Stream, io.BufferedReader(Xz(raw)))
    if magic.startswith(b"BZh"):
        return cast(Stream, bz2.BZ2File(packed))
    if magic.startswith(zstd.MAGIC):
        return _zstd(path, raw)
    for start, reason in _REFUSED.items():
        if magic.startswith(start):
            raise UnreadableLog(path, reason)
    return cast(Stream, raw)


def _zstd(path: str, raw: io.BufferedReader[Any]) -> Stream:
    try:
        return cast(Stream, zstd.reader(raw))
    except zstd.ZstdFault as fault:
        raise UnreadableLog(path, str(fault)) from None


def reason_of(fault: BaseException) -> str:
    """Why a log cannot be read, in words."""
    if isinstance(fault, OSError) and fault.strerror:
        return fault.strerror.lower()
    return str(fault) or type(fault).__name__
