"""Loads compiled profiles into the running kernel, and removes them (securityfs, apparmorfs.c).

A kernel takes what one call of write(2) gives it as one set of profiles; each profile is a set of
its own here, so that a fault concerns one alone.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from struct import Struct, error

from lsmc.base import zstd
from lsmc.base.errors import Error, KernelRefusal

#: Where the kernel takes policy.
FOLDER = Path("/sys/kernel/security/apparmor")
_FILES = {"add": ".load", "replace": ".replace", "remove": ".remove"}
_START = b"\x04\x08\0version\0\x02"
_U16, _U32 = Struct("<H"), Struct("<I")
_SIZES = {0: 1, 1: 2, 2: 4, 3: 8}
_NAME, _STRING, _BLOB, _STRUCT, _STRUCT_END = 4, 5, 6, 7, 8
_ARRAY, _ARRAY_END = 11, 12
_DEEPEST = 8
#: Bytes of a stream.
_MOST = 1 << 30
_REASONS = {
    errno.EPERM: "not permitted: root with CAP_MAC_ADMIN may, in this namespace",
    errno.EACCES: "not permitted: root with CAP_MAC_ADMIN may, in this namespace",
    errno.EEXIST: "there is such a profile already: replace it",
    errno.ENOENT: "there is no such profile or namespace",
    errno.EPROTO: "the kernel does not understand it: compile it with this kernel's features",
    errno.EPROTONOSUPPORT: "the kernel does not know this version: compile it with its features",
    errno.EBADMSG: "the kernel finds it damaged: compile it anew",
    errno.ENOMEM: "the kernel has no memory for it",
    errno.ENOSPC: "the kernel has no room for it",
    errno.EINVAL: "the kernel finds no sense in it",
}


class LoadError(Error):
    """A file does not hold compiled profiles, or there is no place to load them."""


def is_compiled(data: bytes) -> bool:
    """Whether the content of a file is compiled policy, compressed or not."""
    return data.startswith((_START, zstd.MAGIC))


def profiles(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The profiles of a stream by their full names; raises `LoadError`, or `ZstdFault`, if damaged.

    What is compressed is unpacked; OSError beyond 1 GiB.
    """
    if data.startswith(zstd.MAGIC):
        data = zstd.decompressed(data, _MOST)
    at = 0
    while at < len(data):
        try:
            end, name = _profile(data, at)
        except (IndexError, error, _Damaged):
            raise LoadError(f"damaged policy: no profile at byte {at}") from None
        yield name, data[at:end]
        at = end


class _Damaged(Exception):
    """An item that cannot be there."""


def _profile(data: bytes, at: int) -> tuple[int, str]:
    """The end of the profile that begins at a byte, and its full name."""
    if not data.startswith(_START, at):
        raise _Damaged
    at += len(_START) + 4
    namespace = ""
    name, code, start = _head(data, at)
    if name == b"namespace":
        at = _end(data, code, start, 0)
        namespace = data[start + 2 : at - 1].decode("latin-1")
        name, code, start = _head(data, at)
    if (name, code) != (b"profile", _STRUCT):
        raise _Damaged
    _, kind, inner = _head(data, start)
    if kind != _STRING:
        raise _Damaged
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
        raise _Damaged
    if at > len(data):
        raise _Damaged
    return at


def send(how: str, name: str, data: bytes, folder: str | None = None) -> None:
    """Give the kernel a profile, or take one away; raises `KernelRefusal`, `LoadError`.

    Args:
        how: `add`, `replace` (which also adds) or `remove`.
        name: the full name.
        data: the profile's part of a stream.
        folder: where the kernel takes policy, if not in the usual place.
    """
    place = FOLDER if folder is None else Path(folder)
    if not place.is_dir():
        raise LoadError(
            f"`{place}` is not there: the kernel runs without AppArmor, or securityfs is not"
            " mounted"
        )
    content = name.encode("latin-1") if how == "remove" else data
    try:
        descriptor = os.open(place / _FILES[how], os.O_WRONLY | os.O_CLOEXEC)
        try:
            sent = os.write(descriptor, content)
        finally:
            os.close(descriptor)
    except OSError as fault:
        number = fault.errno or 0
        reason = _REASONS.get(number, os.strerror(number).lower())
        word = errno.errorcode.get(number, str(number))
        raise KernelRefusal(f"`{name}`: {reason} ({word})", number) from None
    if sent != len(content):
        raise KernelRefusal(f"`{name}`: the kernel took {sent} of {len(content)} bytes", errno.EIO)


def removed(names: Sequence[str]) -> Sequence[str]:
    """Of some names those of profiles to remove: a kernel removes children with their parent."""
    known = set(names)
    return [name for name in names if name.rpartition("//")[0] not in known]
