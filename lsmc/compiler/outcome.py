"""What compiling policy gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from lsmc.base.diagnostics import Diagnostic

#: Told what is done, how much of it, and how much there is.
Progress = Callable[[str, int, int], None]


class Outcome(NamedTuple):
    """A bundle with its warnings; `entry` makes what a cache is to keep of the run, if anything."""

    bundle: bytes
    diagnostics: Sequence[Diagnostic]
    entry: Callable[[], bytes] | None = None
