"""Paths as a kernel names them, and what people mean who write one otherwise."""

from __future__ import annotations

import posixpath

from lsmc.base.text import encode
from lsmc.engine.verdict import RequestError
from lsmc.kernels.walk import is_real_path


def check_path(path: str) -> None:
    """Raise `RequestError` unless a kernel can ask about a path."""
    if is_real_path(encode(path)):
        return
    if "\0" in path:
        raise RequestError("a path does not hold a NUL")
    said = "is not an absolute path"
    if path.startswith("/"):
        said = "is not a path that a kernel asks about"
    other = meant(path)
    raise RequestError(f"`{path}` {said}" + (f"; did you mean `{other}`?" if other else ""))


def meant(path: str) -> str:
    """The path that a text means, as a kernel would ask about it; empty where there is none.

    Links are not known here: `..` leads to the directory that is written before it.
    """
    if "\0" in path or "/" not in path:
        return ""
    found = posixpath.normpath("/" + path).replace("//", "/")
    whole = path.endswith(("/", "/.", "/.."))
    return found + "/" if whole and found != "/" else found
