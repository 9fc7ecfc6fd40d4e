"""Reading and writing files on disk.

Separate from the compiler, so that opening a bundle does not import the front end.
"""

from __future__ import annotations

import errno
import os
import stat
from functools import cache
from typing import IO

StrPath = str | os.PathLike[str]
#: The end of the names of files that are being written, and the age in seconds of abandoned ones.
_PART = ".lsmc-part"
_ABANDONED = 86_400


def path_text(path: object) -> str:
    """A path as a text; raises TypeError."""
    name = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(name, str):
        raise TypeError(f"a path is a text or a Path, not {type(path).__name__}")
    return name


def joined(folder: str, name: str) -> str:
    """The path of a name in a folder as it is shown: without `.` and empty parts, as `pathlib` has
    it, whose import takes longer than finding the files of a policy."""
    parts = [part for part in f"{folder}/{name}".split("/") if part not in ("", ".")]
    return ("/" if folder.startswith("/") else "") + "/".join(parts)


def read_regular(path: StrPath, most: int) -> tuple[bytes, os.stat_result]:
    """The content of a regular file of at most `most` bytes, and its `stat`; OSError.

    Other kinds of file are not opened: a FIFO would wait for its writer, and opening a device may
    have effects.  A regular file without an end, as some of /proc, fails at the limit, or at once
    when it has nothing to read yet.
    """
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
        data = bytearray()
        while len(data) <= most and (chunk := os.read(handle, most + 1 - len(data))):
            data += chunk
    except OSError as fault:
        fault.filename = os.fspath(path)  # a fault of reading names no file
        raise
    finally:
        os.close(handle)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"larger than {most} bytes", os.fspath(path))
    return bytes(data), found


def first_bytes(path: StrPath, most: int) -> bytes:
    """The first bytes of a regular file, at most so many; OSError.

    Of another kind of file there are none: it is not opened.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        return b""
    try:
        with open(path, "rb") as file:
            return file.read(most)
    except OSError as fault:
        fault.filename = os.fspath(path)
        raise


def read_stream(stream: IO[bytes], most: int, name: str) -> bytes:
    """What a stream holds, of at most so many bytes; OSError, with the name, beyond."""
    data = stream.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"larger than {most} bytes", name)
    return data


def map_file(path: StrPath) -> memoryview | bytes:
    """The content of a regular file, mapped where it can be; OSError.

    A FIFO is not waited for.
    """
    import mmap

    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        found = os.fstat(handle)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))
        if found.st_size == 0:
            return b""
        return memoryview(mmap.mmap(handle, 0, access=mmap.ACCESS_READ))
    finally:
        os.close(handle)


def holds(path: StrPath, data: bytes | memoryview) -> bool:
    """Whether a regular file has just this content; no link is followed."""
    try:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode) or found.st_size != len(data):
            return False
        return read_regular(path, len(data))[0] == data
    except OSError:
        return False


def write_file(path: StrPath, data: bytes | memoryview) -> None:
    """Write the content of a file that a user names; OSError.

    Links are followed.  What is not a regular file, such as a device or a FIFO, is written through.
    A regular file is there as a whole or not at all: a new one takes its place in one step, with
    the same owner, mode and extended attributes.  Where no other file can be like it, as it has
    several names or belongs to somebody else, or where its directory takes no other, its content is
    overwritten.
    """
    try:
        # the system decides what is followed and may be written
        handle = os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        try:
            replace_file(path, data, real=os.path.realpath(path))
        except OSError as fault:
            fault.filename = os.fspath(path)
            raise
        return
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            _write(handle, data)
        elif not _replaced(os.path.realpath(path), handle, data):
            _overwrite(handle, data)
    except OSError as fault:
        fault.filename = os.fspath(path)
        raise
    finally:
        os.close(handle)


def replace_file(
    path: StrPath, *data: bytes | memoryview, real: str | None = None, like: int | None = None
) -> None:
    """Let a new regular file have a name, whatever had it before, in one step; OSError.

    Its content is that of `data`, one behind the other.
    `real` is the path without links, if they are to be followed; `like` an open file, of which the
    new one gets owner, mode and extended attributes.
    """
    import tempfile

    target = real or os.path.abspath(path)
    folder, base = os.path.split(target)
    _remove_abandoned(folder)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{base[:200]}.", suffix=_PART, dir=folder)
    except OSError as fault:
        fault.filename = os.fspath(path)  # of the other name nobody knows
        raise
    try:
        try:
            for part in data:
                _write(handle, part)
            if like is None:
                os.fchmod(handle, 0o666 & ~_umask())
            else:
                _resemble(handle, like)
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def _replaced(real: str, handle: int, data: bytes | memoryview) -> bool:
    """Whether a file like an open one took its place; False when that cannot be; OSError."""
    found = os.fstat(handle)
    try:
        if found.st_nlink != 1 or not os.path.samestat(found, os.stat(real)):
            return False
        replace_file(real, data, like=handle)
    except OSError as fault:
        if fault.errno in _NO_OTHER:
            return False
        raise
    return True


#: Why no other file can take a file's place: no right to the directory or to attributes, a mount.
_NO_OTHER = (errno.EACCES, errno.EPERM, errno.EINVAL, errno.EBUSY, errno.ENOENT, errno.ENOTSUP)
#: Attributes that speak of the content, not of the file.
_OF_CONTENT = ("security.capability", "security.evm", "security.ima")


def _resemble(handle: int, like: int) -> None:
    """Give an open file the owner, mode and extended attributes of another; OSError."""
    wanted, found = os.fstat(like), os.fstat(handle)
    if (wanted.st_uid, wanted.st_gid) != (found.st_uid, found.st_gid):
        os.fchown(handle, wanted.st_uid, wanted.st_gid)
    os.fchmod(handle, stat.S_IMODE(wanted.st_mode))
    try:
        names = os.listxattr(like)
    except OSError:  # this file system has none
        return
    for name in names:
        if name not in _OF_CONTENT:
            os.setxattr(handle, name, os.getxattr(like, name))


def _overwrite(handle: int, data: bytes | memoryview) -> None:
    """Write other content into an open regular file, once there is room for it; OSError."""
    size = os.fstat(handle).st_size
    if len(data) > size:
        try:
            os.posix_fallocate(handle, size, len(data) - size)
        except OSError:
            os.ftruncate(handle, size)
            raise
    _write(handle, data)
    os.ftruncate(handle, len(data))
    os.fsync(handle)


def _write(handle: int, data: bytes | memoryview) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(handle, left) :]


@cache
def _remove_abandoned(folder: str) -> None:
    """Remove the unfinished files of runs that were killed a day ago or longer, once a process."""
    import contextlib
    import time

    before = time.time() - _ABANDONED
    with contextlib.suppress(OSError):  # a directory that cannot be listed can still be written
        for name in os.listdir(folder):
            if not name.endswith(_PART):
                continue
            path = os.path.join(folder, name)
            with contextlib.suppress(OSError):  # another run was faster, or it is not ours
                if os.lstat(path).st_mtime < before:
                    os.unlink(path)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
