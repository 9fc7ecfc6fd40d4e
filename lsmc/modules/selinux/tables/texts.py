"""The texts of a bundle that are referred to by number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lsmc.base.source import to_path
from lsmc.base.text import decode, encode


class Texts:
    """Texts, each with the number under which it was first met."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of a text of a policy's source (one character a byte)."""
        return self._numbers.setdefault(to_path(text), len(self._numbers))

    @property
    def all(self) -> Sequence[str]:
        """All texts, in the order of their numbers."""
        return tuple(self._numbers)


def pack_texts(lists: Iterable[Sequence[str]]) -> bytes:
    """The texts of some lists, one behind the other, each with a NUL at its end."""
    return b"".join(encode(text) + b"\0" for texts in lists for text in texts)


def unpack_texts(data: bytes) -> list[str]:
    """The texts that `pack_texts` wrote; ValueError unless the last one ends with NUL."""
    texts = decode(data).split("\0")
    if texts.pop():
        raise ValueError("the last text does not end")
    return texts
