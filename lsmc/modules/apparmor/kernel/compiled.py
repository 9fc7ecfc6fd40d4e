"""Compiled policy, read back as far as loading needs it: where each profile is, and its name."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct, error

from lsmc.base import zstd
from lsmc.base.errors import Error
from lsmc.modules.parts import Part

_START = b"\x04\x08\0version\0\x02"
_U16, _U32 = Struct("<H"), Struct("<I")
_SIZES = {0: 1, 1: 2, 2: 4, 3: 8}
_NAME, _STRING, _BLOB, _STRUCT, _STRUCT_END = 4, 5, 6, 7, 8
_ARRAY, _ARRAY_END = 11, 12
_DEEPEST = 8
#: Bytes of a stream.
_MOST = 1 << 30
#: What apparmor_parser from 5.0 on puts before a compressed stream: a version, and the level.
_HEAD = Struct("<BB6s")
_HEAD_VERSION, _LEVEL = 1, 3


class DamagedPolicy(Error):
    """A file does not hold compiled profiles."""


def is_compiled(data: bytes) -> bool:
    """Whether the content of a file is compiled policy, compressed or not."""
    return data.startswith(_START) or bool(_frame(data))


def is_version(stream: bytes, version: int) -> bool:
    """Whether a stream is of a version."""
    return stream.startswith(_START + _U32.pack(version))


def stream_of(data: bytes) -> bytes:
    """The stream in the content of a file, unpacked; raises `ZstdFault`, OSError beyond 1 GiB."""
    frame = _frame(data)
    return zstd.decompressed(frame, _MOST) if frame else data


def packed(stream: bytes) -> bytes:
    """A stream compressed as apparmor_parser keeps it; raises `ZstdFault` without a library."""
    return _HEAD.pack(_HEAD_VERSION, _LEVEL, bytes(6)) + zstd.compressed(stream)


def _frame(data: bytes) -> bytes:
    """What of a file is compressed; nothing of a stream as it is."""
    if data[_HEAD.size :].startswith(zstd.MAGIC):
        version, _, rest = _HEAD.unpack_from(data)
        if version == _HEAD_VERSION and not any(rest):
            return data[_HEAD.size :]
    return data if data.startswith(zstd.MAGIC) else b""


def profiles(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The profiles in a file by their full names; raises `DamagedPolicy`, or as `stream_of`."""
    data = stream_of(data)
    at = 0
    while at < len(data):
        try:
            end, name = _profile(data, at)
        except (IndexError, error, _Unexpected):
            raise DamagedPolicy(f"damaged policy: no profile at byte {at}") from None
        yield name, data[at:end]
        at = end


def sets(data: bytes, compressed: bool = False) -> Iterator[Part]:
    """The profiles of a stream, those of one namespace together; raises as `profiles` does.

    With `compressed`, a compressed stream of one namespace stays so.
    """
    by_namespace: dict[str, list[tuple[str, bytes]]] = {}
    for name, part in profiles(data):
        namespace = name[1:].partition(":")[0] if name.startswith(":") else ""
        by_namespace.setdefault(namespace, []).append((name, part))
    for some in by_namespace.values():
        names = tuple(name for name, _ in some)
        whole = _frame(data) if compressed and len(by_namespace) == 1 else b""
        yield Part(names, whole or b"".join(part for _, part in some))


class _Unexpected(Exception):
    """An item that cannot be there."""


def _profile(data: bytes, at: int) -> tuple[int, str]:
    """The end of the profile that begins at a byte, and its full name."""
    if not data.startswith(_START, at):
        raise _Unexpected
    at += len(_START) + 4
    namespace = ""
    name, code, start = _head(data, at)
    if name == b"namespace":
        at = _end(data, code, start, 0)
        namespace = data[start + 2 : at - 1].decode("latin-1")
        name, code, start = _head(data, at)
    if (name, code) != (b"profile", _STRUCT):
        raise _Unexpected
    _, kind, inner = _head(data, start)
    if kind != _STRING:
        raise _Unexpected
    local = data[inner + 2 : _end(data, kind, inner, 0) - 1].decode("latin-1")
    return _end(data, code, start, 0), f":{namespace}:{local}" if namespace else local


def _head(data: bytes, at: int) -> tuple[bytes, int, int]:
    """The name and the code of an item, and where its content begins."""
    name = b""
    if data[at] == _NAME:
        (length,) = _U16.unpack_from(data, at + 1)
        name = data[at + 3 : at + 2 + length]
        at += 3 + length
    return name, data[at], at + 1


def _end(data: bytes, code: int, at: int, depth: int) -> int:
    """Where the content of an item ends that begins at a byte."""
    if code in _SIZES:
        at += _SIZES[code]
    elif code == _STRING:
        at += 2 + _U16.unpack_from(data, at)[0]
    elif code == _BLOB:
        at += 4 + _U32.unpack_from(data, at)[0]
    elif code in (_STRUCT, _ARRAY) and depth < _DEEPEST:
        at += 2 if code == _ARRAY else 0
        last = _ARRAY_END if code == _ARRAY else _STRUCT_END
        while True:
            _, inner, start = _head(data, at)
            if inner == last:
                return start
            at = _end(data, inner, start, depth + 1)
    else:
        raise _Unexpected
    if at > len(data):
        raise _Unexpected
    return at
