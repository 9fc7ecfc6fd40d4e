"""Serializes findings to send them from one process to another.

A source that both processes have is sent as its number: spans that come back refer to the very
sources of this process, and no text is sent.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from lsmc.base.source import Source


class FindingPickler:
    """Packs and unpacks values that refer to some sources; created before the processes fork."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources = tuple(sources)
        self._numbers = {id(source): number for number, source in enumerate(self._sources)}

    def pack(self, value: Any) -> bytes:
        """The bytes of a value."""
        into = BytesIO()
        _Packer(into, self._numbers).dump(value)
        return into.getvalue()

    def unpack(self, data: bytes) -> Any:
        """The value of some bytes; only for bytes from one of our own processes."""
        return _Unpacker(BytesIO(data), self._sources).load()


class _Packer(pickle.Pickler):
    def __init__(self, into: BytesIO, numbers: dict[int, int]) -> None:
        super().__init__(into, pickle.HIGHEST_PROTOCOL)
        self._numbers = numbers

    def persistent_id(self, obj: Any) -> int | None:
        """The number of a source that both processes have."""
        return self._numbers.get(id(obj)) if isinstance(obj, Source) else None


class _Unpacker(pickle.Unpickler):
    def __init__(self, data: BytesIO, sources: tuple[Source, ...]) -> None:
        super().__init__(data)
        self._sources = sources

    def persistent_load(self, pid: Any) -> Source:
        """The source of a number."""
        source: Source = self._sources[pid]
        return source
