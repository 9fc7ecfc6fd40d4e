"""Writing output files, where `-` means standard output."""

from __future__ import annotations

import os
import sys

from lsmc.cli.faults import UsageFault


def check_output(path: str) -> None:
    """Refuse an output that cannot be written, before any work is done."""
    if is_stdout(path):
        return
    if os.path.isdir(path):
        raise UsageFault(f"cannot write `{path}`: is a directory")
    folder = os.path.dirname(os.path.realpath(path))
    if os.path.exists(path):
        if not os.access(path, os.W_OK):
            raise UsageFault(f"cannot write `{path}`: permission denied")
    elif not os.path.isdir(folder):
        raise UsageFault(f"cannot write `{path}`: no directory `{os.path.dirname(path) or folder}`")
    elif not os.access(folder, os.W_OK | os.X_OK):
        raise UsageFault(f"cannot write `{path}`: permission denied")


def write_output(path: str, data: bytes | memoryview) -> None:
    """Write a file, or standard output for `-` and its other names; OSError."""
    if is_stdout(path):
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    from lsmc.base.files import write_file

    write_file(path, data)


def is_stdout(path: str) -> bool:
    """Whether a path names standard output, such as `-` or `/dev/stdout`."""
    if path == "-":
        return True
    try:
        return os.path.samestat(os.stat(path), os.fstat(1))
    except OSError:
        return False
