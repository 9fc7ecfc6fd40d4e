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
import importlib
import io
import lzma
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any, BinaryIO, NamedTuple, cast

from lsmc.base.text import decode
from lsmc.logs.envelope import Envelope, from_journal, unwrap
from lsmc.logs.journal import FIRST_FIELD, Entry, read_entry
from lsmc.logs.lines import MAX_LINE, Lines
from lsmc.logs.record import LogError, LogFormat, LogPlace, Record
from lsmc.logs.system import Command, output_of
from lsmc.logs.xz import MAX_MEMORY, Xz

STDIN = "-"
#: How many faults, and how many lines of a log without any record, are kept to be shown.
KEEP_FAULTS = 100
KEEP_FOREIGN = 20
#: Lines that a record may be broken into.
_CONTINUATIONS = 32


class UnreadableLog(OSError):
    """A log cannot be opened or unpacked: `filename`, and the reason as `strerror`."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(errno.EIO, reason, file)


class Fault(NamedTuple):
    """A broken line, the reason, and the fields that could be read."""

    source: LogPlace
    reason: str
    record: Record


class LogReader:
    """The records of a module in some logs, with counts of all lines.

    Iterate it, or its `entries`, once.  `lines == used + skipped + broken` holds at any time;
    `faults` are the first broken lines, `foreign` the first lines of a log in which no record has
    been found so far.
    """

    def __init__(
        self, logs: Iterable[str | Command], form: LogFormat, *, max_line: int = MAX_LINE
    ) -> None:
        self.form = form
        self.logs = tuple(logs)
        self.max_line = max_line
        self.records = self.used = self.skipped = self.broken = 0
        self.faults: list[Fault] = []
        self.foreign: list[Record] = []

    @property
    def lines(self) -> int:
        """The number of lines read."""
        return self.used + self.skipped + self.broken

    def __iter__(self) -> Iterator[Record]:
        """The records in order; raises `UnreadableLog`, also in the middle of a damaged file."""
        for entry in self.entries():
            if not isinstance(entry, Fault):
                yield entry

    def entries(self) -> Iterator[Record | Fault]:
        """The records and the broken lines in order; raises as iteration does."""
        for log in self.logs:
            path = log.name if isinstance(log, Command) else log
            with open_log(log) as stream:
                try:
                    yield from self._read(path, Lines(stream, self.max_line))
                except (OSError, EOFError, lzma.LZMAError, zlib.error) as fault:
                    raise UnreadableLog(path, _reason(fault)) from fault
                except Exception as fault:
                    # the errors of the optional zstd library have no class known here
                    if type(fault).__name__ != "ZstdError":
                        raise
                    raise UnreadableLog(path, str(fault)) from fault

    def _read(self, path: str, lines: Lines) -> Iterator[Record | Fault]:
        worth_reading, goes_on, speaks = self.form[:3]
        for line in lines:
            if line is None:
                yield self._too_long(LogPlace(path, lines.number))
                continue
            if line.startswith(FIRST_FIELD):
                journal = read_entry(line, lines)
                found = self._entry(journal, LogPlace(path, journal.line))
                if found is not None:
                    yield found
                continue
            if not worth_reading(line):
                self.skipped += 1
                if not self.records:
                    self._remember(line, LogPlace(path, lines.number))
                continue
            source = LogPlace(path, lines.number)
            whole, count = line, 1
            while count < _CONTINUATIONS and (joined := goes_on(whole, lines.peek())) is not None:
                next(lines)
                whole = joined
                count += 1
            text = _text(whole)
            message = unwrap(text)
            if message is None and speaks(text):
                message = Envelope(text)
            found = self._record(message, source, count)
            if found is None:
                self._remember(whole, source)
            else:
                yield found

    def _record(
        self, message: Envelope | None, source: LogPlace, count: int
    ) -> Record | Fault | None:
        """Parse the record of a message and count its lines."""
        try:
            record = self.form.read(message, source) if message is not None else None
        except LogError as fault:
            return self._fault(source, fault.reason, fault.record, count)
        if record is None:
            self.skipped += count
            return None
        self.used += count
        self.records += 1
        self.foreign.clear()
        found: Record = record
        return found

    def _entry(self, entry: Entry, source: LogPlace) -> Record | Fault | None:
        """Read a journal entry of several lines: its message is used, other lines are skipped."""
        self.skipped += entry.lines - 1
        if entry.too_long:
            return self._too_long(source)
        return self._record(from_journal(entry.fields), source, 1)

    def _remember(self, line: bytes, source: LogPlace) -> None:
        """Keep a skipped line of a log in which no record was found yet."""
        if not self.records and not self.broken and len(self.foreign) < KEEP_FOREIGN:
            self.foreign.append(self.form.foreign(_text(line)).at(source))

    def _too_long(self, source: LogPlace) -> Fault:
        return self._fault(source, f"longer than {self.max_line} bytes", self.form.nothing, 1)

    def _fault(self, source: LogPlace, reason: str, record: Record, count: int) -> Fault:
        self.broken += count
        self.foreign.clear()
        fault = Fault(source, reason, record.at(source))
        if len(self.faults) < KEEP_FAULTS:
            self.faults.append(fault)
        return fault


@contextmanager
def open_log(log: str | Command) -> Iterator[BinaryIO]:
    """Open a log as an unpacked byte stream, `-` for standard input; raises `UnreadableLog`."""
    if isinstance(log, Command):
        try:
            with output_of(log) as stream:
                yield stream
        except OSError as fault:
            raise UnreadableLog(log.name, _reason(fault)) from fault
        return
    path = log
    try:
        raw: io.BufferedReader[Any] = (
            _standard_input() if path == STDIN else io.BufferedReader(io.FileIO(path))
        )
    except (OSError, ValueError) as fault:
        raise UnreadableLog(path, _reason(fault)) from fault
    try:
        try:
            stream = _unpacked(path, raw)
        except UnreadableLog:
            raise
        except OSError as fault:  # a directory, say
            raise UnreadableLog(path, _reason(fault)) from fault
        yield stream
    finally:
        if path != STDIN:
            raw.close()


def _standard_input() -> io.BufferedReader:
    stream = sys.stdin.buffer
    if isinstance(stream, io.BufferedReader):
        return stream
    return io.BufferedReader(cast(io.RawIOBase, stream))


def _text(line: bytes) -> str:
    return decode(line)


#: What is not text, by its first bytes: its lines would all be skipped.
_REFUSED = {
    b"\xff\xfe": "it is UTF-16 text: convert it to UTF-8",
    b"\xfe\xff": "it is UTF-16 text: convert it to UTF-8",
    b"PK\x03\x04": "it is a zip archive: unpack it first",
    b"LPKSHH": "it is journald's own format: use `journalctl --file` with `-o json`",
}


def _unpacked(path: str, raw: io.BufferedReader[Any]) -> BinaryIO:
    magic = raw.peek(6)[:6]
    packed = cast("IO[bytes]", raw)
    if magic.startswith(b"\x1f\x8b"):
        return cast(BinaryIO, gzip.GzipFile(fileobj=packed))
    if magic.startswith(b"\xfd7zXZ\0"):
        return cast(BinaryIO, io.BufferedReader(Xz(raw)))
    if magic.startswith(b"BZh"):
        return cast(BinaryIO, bz2.BZ2File(packed))
    if magic.startswith(b"\x28\xb5\x2f\xfd"):
        return _zstd(path, raw)
    for start, reason in _REFUSED.items():
        if magic.startswith(start):
            raise UnreadableLog(path, reason)
    return cast(BinaryIO, raw)


def _zstd(path: str, raw: io.BufferedReader[Any]) -> BinaryIO:
    """Open a zstd stream, by the standard library from Python 3.14 on, else by `zstandard`."""
    try:
        standard = importlib.import_module("compression.zstd")
    except ImportError:
        pass
    else:
        return cast(BinaryIO, standard.ZstdFile(raw))
    try:
        library = importlib.import_module("zstandard")
    except ImportError:
        raise UnreadableLog(
            path, "it is zstd data, which needs the library zstandard: pip install 'lsmc[zstd]'"
        ) from None
    unpacker = library.ZstdDecompressor(max_window_size=MAX_MEMORY)
    reader = unpacker.stream_reader(raw, read_across_frames=True)
    return cast(BinaryIO, io.BufferedReader(reader))


def _reason(fault: BaseException) -> str:
    if isinstance(fault, OSError) and fault.strerror:
        return fault.strerror.lower()
    return str(fault) or type(fault).__name__
