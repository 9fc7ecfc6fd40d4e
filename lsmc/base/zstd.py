"""Data compressed by zstd: by the standard library from Python 3.14 on, else by `zstandard`."""

from __future__ import annotations

import errno
import importlib
import io
from types import ModuleType
from typing import IO, Any, cast

from lsmc.base.errors import Error

#: What a frame begins with.
MAGIC = b"\x28\xb5\x2f\xfd"
#: Memory for a frame, in bytes.
_MAX_MEMORY = 1 << 27
#: Compressed bytes that are unpacked at a time, to some 32 MiB at the most.
_STEP = 1 << 10


class ZstdFault(Error):
    """There is no library for zstd, or data is damaged."""


def reader(raw: IO[bytes]) -> IO[bytes]:
    """What compressed data holds, of any number of frames; raises `ZstdFault` without a library.

    The errors of reading are those of the library, each a `ZstdError`.
    """
    library = _library()
    if hasattr(library, "ZstdFile"):
        return cast("IO[bytes]", library.ZstdFile(raw))
    unpacker = library.ZstdDecompressor(max_window_size=_MAX_MEMORY)
    found: Any = unpacker.stream_reader(raw, read_across_frames=True)
    return io.BufferedReader(found)


def decompressed(data: bytes, most: int) -> bytes:
    """What data holds, of at most so many bytes; raises `ZstdFault`, OSError beyond.

    Unlike `reader`, it refuses data that is cut off.
    """
    library = _library()
    found = bytearray()
    at = 0
    while at < len(data):
        if hasattr(library, "ZstdFile"):
            unpacker = library.ZstdDecompressor()
        else:
            unpacker = library.ZstdDecompressor(max_window_size=_MAX_MEMORY).decompressobj()
        while not unpacker.eof:
            if at >= len(data):
                raise ZstdFault("damaged zstd data: it ends too early")
            chunk = data[at : at + _STEP]
            at += len(chunk)
            try:
                found += unpacker.decompress(chunk)
            except library.ZstdError as fault:
                raise ZstdFault(f"damaged zstd data: {fault}") from None
            if len(found) > most:
                raise OSError(errno.EFBIG, f"larger than {most} bytes")
        at -= len(unpacker.unused_data)
    return bytes(found)


def compressed(data: bytes) -> bytes:
    """Data as one frame, which tells its size; raises `ZstdFault` without a library."""
    library = _library()
    if hasattr(library, "ZstdFile"):
        return cast(bytes, library.compress(data))
    return cast(bytes, library.ZstdCompressor().compress(data))


def _library() -> ModuleType:
    for name in ("compression.zstd", "zstandard"):
        try:
            return importlib.import_module(name)
        except ImportError:
            pass
    raise ZstdFault("zstd needs the library zstandard: pip install 'lsmc[zstd]'")
