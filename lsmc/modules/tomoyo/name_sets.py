"""Sets of names that are no patterns of policy, as automata."""

from __future__ import annotations

from typing import Final

from lsmc.automata.alphabet import ALL, mask_of

_SLASH: Final = mask_of(b"/")
_ESCAPE: Final = mask_of(b"\\")
_PLAIN: Final = mask_of(bytes(range(0x21, 0x7F))) & ~_ESCAPE
_OCTAL: Final = mask_of(b"01234567")
#: How the kernel writes names, from state to state: 0 is between two characters, 1 behind a
#: backslash, the others behind digits; 8 is where a name begins that is not empty.
_BETWEEN: Final = ((_PLAIN, 0), (_ESCAPE, 1))
_MOVES: Final = (
    _BETWEEN,
    ((_ESCAPE, 0), (mask_of(b"0"), 2), (mask_of(b"1"), 3), (mask_of(b"23"), 4)),
    ((mask_of(b"0123"), 5), (mask_of(b"4"), 6)),
    ((mask_of(b"7"), 7),),
    ((_OCTAL, 5),),
    ((_OCTAL, 0),),
    ((mask_of(b"0"), 0),),
    ((mask_of(b"7"), 0),),
    _BETWEEN,
)


class AnyName:
    """All names as the kernel writes them."""

    __slots__ = ("start",)

    def __init__(self, *, empty: bool = True) -> None:
        """Names have any number of components; with `empty` the empty text is one as well."""
        self.start = 0 if empty else 8

    def edges(self, state: int) -> tuple[tuple[int, int], ...]:
        """Disjoint sets of bytes, each with the live state that it leads to."""
        return _MOVES[state]

    def accepts(self, state: int) -> tuple[int, ...]:
        """`(0,)` where the name may end."""
        return () if state else (0,)

    def matches(self, name: str) -> bool:
        """Whether the kernel may write a name so: always, as names are checked."""
        del name
        return True


class RealNames:
    """Names without an empty component, which the kernel never makes; NUL begins another."""

    __slots__ = ("start",)

    def __init__(self, *, slash: bool = False) -> None:
        """`slash` says that a `/` stands before."""
        self.start = slash

    def edges(self, state: bool) -> tuple[tuple[int, bool], ...]:
        """Disjoint sets of bytes, each with whether it is a `/`."""
        others = (ALL & ~_SLASH, False)
        return (others,) if state else (others, (_SLASH, True))

    def accepts(self, state: bool) -> tuple[int, ...]:
        """`(0,)`, always."""
        del state
        return (0,)
