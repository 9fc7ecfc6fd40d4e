"""The base exceptions of the public API, "did you mean" hints, and running out of memory."""

from __future__ import annotations

import errno
from collections.abc import Iterable

#: More known words than these are not listed.
_LISTED = 16
#: How alike a known word must be to be offered (`difflib`).
_ALIKE = 0.6


class Error(Exception):
    """Base class: lsmc cannot work with this policy, bundle or question."""


class KernelRefusal(Error):
    """The running kernel does not take policy; `number` is its errno."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number


class NoMeaning(Error):
    """The security module has nothing of the kind that is asked for."""


def close_words(word: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """The known words that are most similar to a word; of a path, its last part may be meant."""
    from difflib import get_close_matches

    words = list(dict.fromkeys(known))
    ends: dict[str, list[str]] = {}
    for one in words:
        ends.setdefault(one.rpartition("/")[2], []).append(one)
    alike = get_close_matches(word, words, n=most, cutoff=_ALIKE)
    last = get_close_matches(word, list(ends), n=most, cutoff=_ALIKE)
    found = [*ends.get(word, ()), *alike, *(one for end in last for one in ends[end])]
    return tuple(dict.fromkeys(found))[:most]


def did_you_mean(word: str, known: Iterable[str], most: int = 3) -> str:
    """A question that names the closest known words, or an empty text."""
    close = close_words(word, known, most)
    return f"did you mean {' or '.join(f'`{one}`' for one in close)}?" if close else ""


def hint(word: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown word: similar known words, or all known words."""
    words = tuple(dict.fromkeys(known))
    if word and (question := did_you_mean(word, words)):
        return f"; {question}"
    return f"; known are {' '.join(words)}" if words and len(words) <= _LISTED else ""


def exhausted(fault: BaseException) -> bool:
    """Whether an exception means that memory ran out; also a library that could not be mapped."""
    if isinstance(fault, ImportError):
        return any(words in str(fault) for words in _UNMAPPED)
    if isinstance(fault, OSError):
        return fault.errno == errno.ENOMEM
    return isinstance(fault, MemoryError)


#: What the C library says when there is no room for a shared library.
_UNMAPPED = ("failed to map segment", "cannot allocate memory", "cannot map zero-fill pages")
