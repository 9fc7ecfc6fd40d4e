"""The paths that the kernel can ask about, as an automaton."""

from __future__ import annotations

import re

from lsmc.automata.alphabet import NOT_NUL, mask_of

_SLASH, _DOT = mask_of(b"/"), mask_of(b".")
_OTHER = NOT_NUL & ~_SLASH & ~_DOT
_REAL = re.compile(rb"(?:/(?!\.{1,2}(?:/|\Z))[^/\0]+)*/?\Z")


class RealPaths:
    """The paths that the kernel can ask about: absolute, no empty component, no `.` and no `..`."""

    start = 0
    _edges = (
        ((_SLASH, 1),),
        ((_DOT, 2), (_OTHER, 4)),
        ((_DOT, 3), (_OTHER, 4)),
        ((_DOT | _OTHER, 4),),
        ((_SLASH, 1), (_DOT | _OTHER, 4)),
    )

    def edges(self, state: int) -> tuple[tuple[int, int], ...]:
        """Disjoint sets of bytes, each with the state that it leads to."""
        return self._edges[state]

    def accepts(self, state: int) -> tuple[int, ...]:
        """A path may end behind a slash or a name."""
        return (0,) if state in (1, 4) else ()


def is_real(path: bytes) -> bool:
    """Whether a path is one that the kernel can ask about."""
    return path.startswith(b"/") and _REAL.match(path) is not None
