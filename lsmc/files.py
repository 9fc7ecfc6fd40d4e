"""Reading and writing files on disk.

Apart from the driver, so that a bundle is opened without the front end.
"""

from __future__ import annotations

import errno
import os
import stat

StrPath = str | os.PathLike[str]
#: The end of the names of files that are being written, and the age in seconds of abandoned ones.
_PART = ".lsmc-part"
_ABANDONED = 86_400


def read_regular(path: StrPath, most: int) -> tuple[bytes, os.stat_result]:
    """The content of a regular file of at most so many bytes, and how it stands on disk; OSError.

    Anything else is not even opened: a FIFO would wait for its writer, a device might do what it
    does when it is opened.  What is regular and has no end, as some files of /proc, ends at the
    limit, or has nothing to read yet and says so.
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
    finally:
        os.close(handle)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"larger than {most} bytes", os.fspath(path))
    return bytes(data), found


def map_file(path: StrPath) -> memoryview | bytes:
    """The content of a file, mapped where it can be; OSError."""
    import mmap

    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return b""
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def write_atomically(path: StrPath, data: bytes | memoryview) -> None:
    """Write a file so that it is either there as a whole or not at all; OSError."""
    import tempfile

    folder, base = os.path.split(os.path.abspath(path))
    _remove_abandoned(folder)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{base[:200]}.", suffix=_PART, dir=folder)
    except OSError as fault:
        fault.filename = os.fspath(path)  # of the other name nobody knows
        raise
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _remove_abandoned(folder: str) -> None:
    """Remove the unfinished files of runs that were killed a day ago or longer."""
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
