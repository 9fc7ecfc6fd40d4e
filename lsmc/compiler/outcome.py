"""The result of compiling policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from lsmc.base.diagnostics import Diagnostic

#: Told what is done, how much of it, and how much there is.
Progress = Callable[[str, int, int], None]


class Outcome(NamedTuple):
    """A bundle with its warnings; `entry` returns the cache entry of the run, if it has one."""

    bundle: bytes
    diagnostics: Sequence[Diagnostic]
    entry: Callable[[], bytes] | None = None


class Rendered(NamedTuple):
    """A file of policy in another format than a bundle.

    Attributes:
        source: the path of the source that it was made of.
        data: its content.
        diagnostics: what is to be said of it.
        newest: when the last of its sources was modified, in nanoseconds since the epoch; 0 where
            nobody keeps it.
    """

    source: str
    data: bytes
    diagnostics: tuple[Diagnostic, ...] = ()
    newest: int = 0
