"""Logs in Parquet files: a row a line, read with the library pyarrow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any

from lsmc.logs.reader import UnreadableLog

#: Rows that are read at once.
_ROWS = 1 << 13


def is_parquet(log: str) -> bool:
    """Whether a log is a Parquet file, by its name."""
    return log.endswith((".parquet", ".pq"))


def groups(log: str, file: IO[bytes]) -> int:
    """The number of row groups; raises `UnreadableLog`."""
    found: int = _opened(log, file).num_row_groups
    return found


def lines(log: str, file: IO[bytes], group: int, columns: list[str]) -> Iterator[bytes]:
    """The rows of a group as JSON lines of some columns; raises `UnreadableLog`.

    Columns are named by the first part of a path with dots; what is in them is nested as there.
    """
    table = _opened(log, file)
    names = sorted({column.partition(".")[0] for column in columns})
    known = table.schema_arrow.names
    for name in names:
        if name not in known:
            raise UnreadableLog(log, f"it has no column `{name}`, but {', '.join(known)}")
    for batch in table.iter_batches(batch_size=_ROWS, row_groups=[group], columns=names):
        yield b"".join(json.dumps(row, default=str).encode() + b"\n" for row in batch.to_pylist())


def _opened(log: str, file: IO[bytes]) -> Any:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise UnreadableLog(log, "Parquet needs the library pyarrow: pip install pyarrow") from None
    try:
        return ParquetFile(file)
    except (ArrowException, OSError) as fault:
        reason = str(fault).splitlines()[0]
        raise UnreadableLog(log, f"not a Parquet file: {reason}") from None
