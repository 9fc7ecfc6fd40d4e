"""Recognizes parts of names that differ from run to run: process ids, dates, digests, counters."""

from __future__ import annotations

import re
from functools import lru_cache

#: What stands for them in a pattern.
STAR = "*"
_ANYWHERE = (
    r"(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?<![0-9A-Za-z])[0-9a-f]{16,}(?![0-9A-Za-z])"
    r"|(?<![0-9])(?!25519)[0-9]{4,}(?![0-9:])"  # neither Curve25519 nor a PCI address
)
#: Those that are told by themselves, wherever they stand in a name.
VARYING = re.compile(_ANYWHERE)
#: Also a whole component of a path, the number of a pipe or a socket, and a connection to a bus.
_WHOLE = re.compile(rf"(?<=/)[0-9]+(?=/|\Z)|(?<=:\[)[0-9]+(?=\])|(?<=\A:1\.)[0-9]+\Z|{_ANYWHERE}")


@lru_cache(maxsize=1 << 16)
def folded(text: str) -> str:
    """A name with `*` for each number that differs from run to run."""
    return _WHOLE.sub(STAR, text)
