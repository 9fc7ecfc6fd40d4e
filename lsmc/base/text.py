"""Texts of the system as bytes and back (names that are not UTF-8 keep their bytes), and words in
a row.
"""

from __future__ import annotations

from collections.abc import Iterable


def encode(text: str) -> bytes:
    """The bytes of a text; the inverse of `decode`."""
    return text.encode("utf-8", "surrogateescape")


def decode(data: bytes) -> str:
    """The text of bytes, with a surrogate for each that is not UTF-8."""
    return data.decode("utf-8", "surrogateescape")


def displayed(data: bytes) -> str:
    """The text of bytes for people, with `\\xNN` for each that is not UTF-8."""
    return data.decode("utf-8", "backslashreplace")


def counted(number: int, noun: str) -> str:
    """A number of things, whose plural takes an s: `1 file`, `2 files`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def listing(words: Iterable[str]) -> str:
    """Words as `a, b and c`, each once."""
    found = list(dict.fromkeys(words))
    if len(found) < 2:
        return "".join(found)
    return f"{', '.join(found[:-1])} and {found[-1]}"
