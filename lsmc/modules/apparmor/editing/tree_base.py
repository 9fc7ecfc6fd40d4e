"""Where the tree of profiles around a file is."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from lsmc.compiler.inputs import DiskFiles

#: What a directory of includes holds.
_TELLING = ("tunables", "abstractions")


def tree_base(path: str, files: DiskFiles) -> str | None:
    """The nearest directory above a file that holds tunables and abstractions."""
    for folder in _above(path):
        if all(files.entries(posixpath.join(folder, name)) is not None for name in _TELLING):
            return folder
    return None


def _above(path: str) -> Iterator[str]:
    folder = posixpath.dirname(path)
    while folder and folder != "/":
        yield folder
        folder = posixpath.dirname(folder)
