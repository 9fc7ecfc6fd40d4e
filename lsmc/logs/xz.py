"""Unpacks xz files within a bound of memory, which `lzma.LZMAFile` does not take.

The header of a file states how far back its data may refer, up to 4 GiB, and the reader must keep
that much in memory.
"""

from __future__ import annotations

import io
import lzma
from typing import Protocol

#: Twice what `xz -9` needs.
MAX_MEMORY = 1 << 27
_CHUNK = 1 << 16


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Xz(io.RawIOBase):
    """The unpacked bytes of a stream; reading raises `lzma.LZMAError` and EOFError."""

    def __init__(self, packed: _Stream) -> None:
        super().__init__()
        self._packed = packed
        self._unpacker = _unpacker()
        self._begun = False  # it is within a part: files may be several, one after the other

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: object, /) -> int:
        """Fill a buffer as far as data is available; returns the number of bytes, 0 at the end."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        while True:
            data = b""
            if self._unpacker.needs_input or self._unpacker.eof:
                data = self._unpacker.unused_data or self._packed.read(_CHUNK)
                if not data:
                    if self._begun:
                        raise EOFError("the file ends in the middle of packed data")
                    return 0
                if self._unpacker.eof:
                    self._unpacker = _unpacker()
                if not self._begun:
                    data = data.lstrip(b"\0")  # zero bytes may stand between the parts
                    if not data:
                        continue
                    self._begun = True
            try:
                found = self._unpacker.decompress(data, len(view))
            except lzma.LZMAError as fault:
                if str(fault).startswith("Memory usage limit"):
                    needed = f"to unpack it takes more than {MAX_MEMORY >> 20} MiB of memory"
                    raise lzma.LZMAError(needed) from None
                raise
            self._begun = not self._unpacker.eof
            if found:
                view[: len(found)] = found
                return len(found)


def _unpacker() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_MEMORY)
