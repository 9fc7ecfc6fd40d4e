"""What people mean who write a path as no kernel would name it."""

from __future__ import annotations

import posixpath


def meant(path: str) -> str:
    """The path that a text means, as a kernel would ask about it; empty where there is none.

    Links are not known here: `..` leads to the directory that is written before it.
    """
    if "\0" in path or "/" not in path:
        return ""
    found = posixpath.normpath("/" + path).replace("//", "/")
    whole = path.endswith(("/", "/.", "/.."))
    return found + "/" if whole and found != "/" else found
