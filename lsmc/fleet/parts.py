"""Divides logs, wherever they are, into parts that can be read apart.

A part begins and ends between two records, at a place that depends on the bytes around it alone,
so that whoever reads the part before and the part behind agree on it.
"""

from __future__ import annotations

import io
import lzma
import os
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any, NamedTuple, cast

from lsmc.fleet.parquet import groups, is_parquet, lines
from lsmc.logs.journal import FIRST_FIELD
from lsmc.logs.lines import Stream
from lsmc.logs.reader import CONTINUATIONS, UnreadableLog, reason_of, unpacked
from lsmc.logs.record import LogFormat

#: Bytes of a part, about; a second or two of work.
PART = 1 << 26
#: Bytes that are read around the place where a part may end.
_AROUND = 1 << 18
#: Bytes that are read at once.
_BLOCK = 1 << 20
#: First bytes of files that cannot be read from the middle.
_PACKED = (b"\x1f\x8b", b"\xfd7zXZ\0", b"BZh", b"\x28\xb5\x2f\xfd")


class Part(NamedTuple):
    """A part of a log.

    Attributes:
        log: the log, a path or an address such as `s3://bucket/name`.
        start: the first byte, about; the part begins at the next place between two records.  Of a
            Parquet file the number of a row group.
        end: the byte where the next part begins, about; None for the end of the log.
    """

    log: str
    start: int = 0
    end: int | None = None


#: Names of the columns that are read of tables, as `Wanted.fields` has them.
Columns = Collection[str]


def is_address(log: str) -> bool:
    """Whether a log is named by an address, not by a path of this machine."""
    return "://" in log


def expanded(logs: Iterable[str]) -> list[str]:
    """Logs with the patterns in addresses replaced by what matches; raises `UnreadableLog`."""
    found: list[str] = []
    for log in logs:
        if is_address(log) and any(sign in log for sign in "*?["):
            found += _matching(log)
        else:
            found.append(log)
    return list(dict.fromkeys(found))


def _matching(pattern: str) -> list[str]:
    import fsspec

    with _told(pattern):
        files = fsspec.open_files(pattern, mode="rb")
        names = sorted(str(file.full_name) for file in files)
    if not names:
        raise UnreadableLog(pattern, "nothing matches")
    return names


def parts_of(log: str, size: int = PART) -> list[Part]:
    """The parts of a log, in order; one for a log that is packed; raises `UnreadableLog`."""
    if is_parquet(log):
        with _told(log), _opened(log) as file:
            return [Part(log, number, number + 1) for number in range(groups(log, file))]
    with _told(log), _opened(log) as file:
        head = file.read(8)
        length = file.seek(0, os.SEEK_END)
    if any(head.startswith(magic) for magic in _PACKED) or length <= size:
        return [Part(log)]
    starts = range(0, length, size)
    return [Part(log, start, start + size if start + size < length else None) for start in starts]


def pieces(part: Part, form: LogFormat, columns: Columns = ()) -> Iterator[bytes]:
    """The bytes of a part, piece by piece; raises `UnreadableLog`."""
    with _told(part.log), _opened(part.log) as file:
        if is_parquet(part.log):
            if not columns:
                raise UnreadableLog(part.log, "say which columns to read: --field message=COLUMN")
            yield from lines(part.log, file, part.start, list(columns))
            return
        if not part.start and part.end is None:
            raw = io.BufferedReader(cast(io.RawIOBase, file), _BLOCK)
            yield from _stream(unpacked(part.log, raw))
            return
        exported = file.read(len(FIRST_FIELD)) == FIRST_FIELD
        start = _border(file, part.start, form, exported)
        end = _border(file, part.end, form, exported) if part.end is not None else None
        file.seek(start)
        while end is None or start < end:
            block = file.read(_BLOCK if end is None else min(_BLOCK, end - start))
            if not block:
                return
            start += len(block)
            yield block


def _stream(stream: Stream) -> Iterator[bytes]:
    while block := stream.read1(_BLOCK):
        yield block


def _border(file: IO[bytes], place: int, form: LogFormat, exported: bool) -> int:
    """The first place between two records at or behind a place."""
    if not place:
        return 0
    before = max(0, place - _AROUND)
    file.seek(before)
    data = file.read(place - before + _AROUND)
    if exported:
        found = data.find(b"\n\n" + FIRST_FIELD, place - before - 1)
        return before + found + 2 if found >= 0 else _end(file)
    return _between(data, before, place, form) or _end(file)


def _between(data: bytes, before: int, place: int, form: LogFormat) -> int | None:
    """The first end of a record at or behind a place in data that begins at `before`."""
    rows = [row + b"\n" for row in data.split(b"\n")]
    if before:
        before += len(rows.pop(0))  # it begins somewhere before
    at = before
    number = 0
    while number < len(rows):
        if at >= place:
            return at
        whole, count = rows[number], 1
        if form.worth_reading(whole):
            while count < CONTINUATIONS and number + count < len(rows):
                joined = form.goes_on(whole, rows[number + count])
                if joined is None:
                    break
                whole, count = joined, count + 1
        at += sum(map(len, rows[number : number + count]))
        number += count
    return None


def _end(file: IO[bytes]) -> int:
    return file.seek(0, os.SEEK_END)


def _opened(log: str) -> Any:
    if not is_address(log):
        return io.FileIO(log)
    import fsspec

    return fsspec.open(log, mode="rb")


@contextmanager
def _told(log: str) -> Iterator[None]:
    """Turn what goes wrong with a log into `UnreadableLog`."""
    try:
        yield
    except UnreadableLog:
        raise
    except ImportError as fault:
        raise UnreadableLog(log, f"it needs a library: {reason_of(fault)}") from fault
    except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error) as fault:
        raise UnreadableLog(log, reason_of(fault)) from fault
    except Exception as fault:
        # libraries for addresses, and that for zstd, have errors of classes not known here
        if not is_address(log) and type(fault).__name__ != "ZstdError":
            raise
        raise UnreadableLog(log, reason_of(fault)) from fault


def all_parts(logs: Sequence[str], size: int = PART) -> list[Part]:
    """The parts of logs, those of a log in order; raises `UnreadableLog`."""
    return [part for log in expanded(logs) for part in parts_of(log, size)]
