"""Opening and writing bundles on disk.

Apart from the driver, so that a bundle is opened without the front end.
"""

from __future__ import annotations

import os

StrPath = str | os.PathLike[str]


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
    handle, name = tempfile.mkstemp(prefix=f".{base}.", dir=folder)
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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
