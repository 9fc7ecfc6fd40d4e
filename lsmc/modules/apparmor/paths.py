"""The paths that the kernel can ask about: absolute, no empty component, no `.` and no `..`."""

from __future__ import annotations

import posixpath

from lsmc.kernels.walk import is_real_path

__all__ = ["is_real_path", "meant"]


def meant(path: str) -> str:
    """The path that a text means, as a kernel would ask about it; empty where there is none.

    Links are not known here: `..` leads to the directory that is written before it.
    """
    if "\0" in path or "/" not in path:
        return ""
    found = posixpath.normpath("/" + path).replace("//", "/")
    whole = path.endswith(("/", "/.", "/.."))
    return found + "/" if whole and found != "/" else found
