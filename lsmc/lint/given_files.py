"""Which files a run of lint is about: those that were given, and all below given directories."""

from __future__ import annotations

import os
from collections.abc import Iterable

from lsmc.base.files import StrPath


class GivenFiles:
    """Tells the files that were given from those that they include."""

    def __init__(self, paths: Iterable[StrPath]) -> None:
        self._names = frozenset(os.fspath(path) for path in paths)
        self._real = frozenset(map(os.path.realpath, self._names))
        self._known: dict[str, bool] = {}

    def holds(self, file: str | None) -> bool:
        """Whether a file was given, or lies below a directory that was; true of None."""
        if file is None or file in self._names:
            return True
        if file not in self._known:
            real = os.path.realpath(file)
            above = [real[:at] for at, char in enumerate(real) if char == "/"]
            self._known[file] = not self._real.isdisjoint((real, "/", *above))
        return self._known[file]
