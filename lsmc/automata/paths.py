"""Paths as the kernel builds them: absolute, no empty component, no `.` and no `..`."""

from __future__ import annotations

from typing import Any

from lsmc.automata.algebra import Automaton, alternatives
from lsmc.automata.alphabet import mask_of
from lsmc.automata.common import shortest_common
from lsmc.automata.pattern import NOT_NUL
from lsmc.kernels.walk import is_real_path

_SLASH, _DOT = mask_of(b"/"), mask_of(b".")
_OTHER = NOT_NUL & ~_SLASH & ~_DOT


class FilePaths:
    """The paths of what is not a directory: absolute, no empty component, no `.` and no `..`.

    The states: before the path, behind a slash, behind a first dot, behind two dots, in a name.
    """

    start = 0
    _edges = (
        ((_SLASH, 1),),
        ((_DOT, 2), (_OTHER, 4)),
        ((_DOT, 3), (_OTHER, 4)),
        ((_DOT | _OTHER, 4),),
        ((_SLASH, 1), (_DOT | _OTHER, 4)),
    )
    _ends = frozenset((4,))

    def edges(self, state: int) -> tuple[tuple[int, int], ...]:
        """Disjoint sets of bytes, each with the state that it leads to."""
        return self._edges[state]

    def accepts(self, state: int) -> tuple[int, ...]:
        """One pattern, the paths."""
        return (0,) if state in self._ends else ()


class Paths(FilePaths):
    """As `FilePaths`, with directories, which end in a slash."""

    _ends = frozenset((1, 4))


FILES = FilePaths()
PATHS = Paths()


def is_real_file(path: bytes) -> bool:
    """Whether a path is one that the kernel builds for anything but a directory."""
    return is_real_path(path) and not path.endswith(b"/")


def some_files(paths: Automaton[Any], count: int) -> tuple[bytes, ...]:
    """A few members that are paths of files, the first ones; none if there are none."""
    found = tuple(path for path in alternatives(paths, count) if is_real_file(path))
    if found:
        return found
    first = shortest_common([paths, FILES])
    return () if first is None else (first,)
