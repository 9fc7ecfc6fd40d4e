"""Patterns: regular expressions over bytes, as small as the policy languages allow.

The only loop is `Star`, over a *set of bytes*: no policy language repeats a group, and with loops
over sets alone every star is one position of the automaton.  A general `Repeat(item)` was rejected
for that reason; a front end that meets one writes it out or refuses it.

Build patterns with `concat`, `union` and `optional`, which keep them flat and free of `NEVER`;
the bare classes are for matching and for tests.  Functions here recurse on nesting alone, never on
the length of a `Concat`, so a parser that bounds nesting bounds the recursion.

Patterns are keys everywhere, and large ones share parts: compound patterns keep their hash, which
is not pickled, since it holds for one process only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

from lsmc.automata.alphabet import ALL, NOT_NUL, best_byte, bytes_of, cost, mask_of
from lsmc.kernels import positions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "ALL",
    "EMPTY",
    "NEVER",
    "NOT_NUL",
    "Chars",
    "Concat",
    "Literal",
    "Pattern",
    "Star",
    "Union",
    "concat",
    "example",
    "is_empty_language",
    "literal_prefix",
    "literals",
    "mask_of",
    "min_length",
    "optional",
    "shared_start",
    "union",
]


@dataclass(frozen=True, slots=True)
class Literal:
    """Exactly this string."""

    kind: ClassVar[int] = positions.LITERAL
    text: bytes


@dataclass(frozen=True, slots=True)
class Chars:
    """One byte of a set."""

    kind: ClassVar[int] = positions.CHARS
    mask: int


@dataclass(frozen=True, slots=True)
class Star:
    """Zero or more bytes, each of a set."""

    kind: ClassVar[int] = positions.STAR
    mask: int


@dataclass(frozen=True, slots=True)
class Concat:
    """The parts, one after the other."""

    kind: ClassVar[int] = positions.CONCAT
    parts: tuple[Pattern, ...]
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash(("Concat", self.parts)))

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[type[Concat], tuple[tuple[Pattern, ...]]]:
        return Concat, (self.parts,)


@dataclass(frozen=True, slots=True)
class Union:
    """Any one of the options; no options at all is the empty language."""

    kind: ClassVar[int] = positions.UNION
    options: tuple[Pattern, ...]
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash(("Union", self.options)))

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[type[Union], tuple[tuple[Pattern, ...]]]:
        return Union, (self.options,)


Pattern: TypeAlias = Literal | Chars | Star | Concat | Union

EMPTY: Final = Literal(b"")
NEVER: Final = Union(())
#: Compound patterns of which a fact is remembered: parts are shared, and asked about again.
_KEPT = 1 << 16


def concat(parts: Iterable[Pattern]) -> Pattern:
    """Concatenation: flat, adjacent literals merged, `NEVER` if any part is."""
    flat: list[Pattern] = []
    text = b""
    for part in parts:
        for item in part.parts if type(part) is Concat else (part,):
            if type(item) is Literal:
                text += item.text
                continue
            if type(item) is Star:
                if not item.mask:
                    continue
            elif _is_nothing(item):
                return NEVER
            if text:
                flat.append(Literal(text))
                text = b""
            flat.append(item)
    if text or not flat:
        flat.append(Literal(text))
    return flat[0] if len(flat) == 1 else Concat(tuple(flat))


def union(options: Iterable[Pattern]) -> Pattern:
    """Alternation: flat, each option once, in the order given."""
    flat: dict[Pattern, None] = {}
    for option in options:
        for item in option.options if type(option) is Union else (option,):
            if not _is_nothing(item):
                flat[item] = None
    return next(iter(flat)) if len(flat) == 1 else Union(tuple(flat))


def _is_nothing(pattern: Pattern) -> bool:
    """Whether a pattern is written as one of no byte or of no options."""
    if isinstance(pattern, Chars):
        return not pattern.mask
    return isinstance(pattern, Union) and not pattern.options


def optional(pattern: Pattern) -> Pattern:
    """The pattern or nothing."""
    return union((pattern, EMPTY))


def is_empty_language(pattern: Pattern) -> bool:
    """Whether no string at all matches."""
    match pattern:
        case Chars(mask):
            return mask == 0
        case Concat() | Union():
            return _is_empty(pattern)
    return False


@lru_cache(maxsize=_KEPT)
def _is_empty(pattern: Concat | Union) -> bool:
    if isinstance(pattern, Concat):
        return any(map(is_empty_language, pattern.parts))
    return all(map(is_empty_language, pattern.options))


def min_length(pattern: Pattern) -> int:
    """The length of a shortest member; 0 for an empty language."""
    match pattern:
        case Literal(text):
            return len(text)
        case Chars():
            return 1
        case Star():
            return 0
        case Concat(parts):
            return sum(min_length(part) for part in parts)
        case Union(options):
            return min(
                (min_length(option) for option in options if not is_empty_language(option)),
                default=0,
            )


def literal_prefix(pattern: Pattern) -> bytes:
    """A string that every member starts with, as long as can be read off cheaply."""
    return _prefix(pattern)[0]


def _prefix(pattern: Pattern) -> tuple[bytes, bool]:
    """A common prefix, and whether it is all of the language."""
    match pattern:
        case Literal(text):
            return text, True
        case Chars(mask) if mask.bit_count() == 1:
            return bytes_of(mask), True
        case Concat() | Union():
            return _shared_prefix(pattern)
    return b"", False


@lru_cache(maxsize=_KEPT)
def _shared_prefix(pattern: Concat | Union) -> tuple[bytes, bool]:
    if isinstance(pattern, Concat):
        text = b""
        for part in pattern.parts:
            more, whole = _prefix(part)
            text += more
            if not whole:
                return text, False
        return text, True
    found = [_prefix(option) for option in pattern.options if not is_empty_language(option)]
    same = len(set(found)) == 1
    return shared_start([text for text, _ in found]), same and found[0][1]


def shared_start(texts: Sequence[bytes]) -> bytes:
    """The common prefix of some texts."""
    if not texts:
        return b""
    low, high = min(texts), max(texts)
    size = next((at for at, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
    return low[:size]


def literals(pattern: Pattern, limit: int) -> tuple[bytes, ...] | None:
    """The members, when there are at most `limit` of them; else None."""
    if is_empty_language(pattern):
        return ()
    found = _literals(pattern, limit)
    return None if found is None else tuple(found)


def _literals(pattern: Pattern, limit: int) -> dict[bytes, None] | None:
    """As `literals`, keyed to keep order; the language must not be empty."""
    found: dict[bytes, None] = {}
    match pattern:
        case Literal(text):
            found = {text: None}
        case Chars(mask):
            if mask.bit_count() > limit:
                return None
            found = dict.fromkeys(bytes([byte]) for byte in bytes_of(mask))
        case Star(mask):
            if mask:
                return None
            found = {b"": None}
        case Concat(parts):
            if any(isinstance(part, Star) and part.mask for part in parts):
                return None
            found = {b"": None}
            for part in parts:
                if isinstance(part, Literal):
                    found = {head + part.text: None for head in found}
                    continue
                tails = _literals(part, limit)
                if tails is None:
                    return None
                longer: dict[bytes, None] = {}
                for head in found:
                    longer.update(dict.fromkeys(head + tail for tail in tails))
                    if len(longer) > limit:
                        return None
                found = longer
        case Union(options):
            for option in options:
                if is_empty_language(option):
                    continue
                members = _literals(option, limit)
                if members is None:
                    return None
                found.update(members)
                if len(found) > limit:
                    return None
    return found if len(found) <= limit else None


def example(pattern: Pattern) -> bytes | None:
    """A shortest member, the one that reads best among equals; None for an empty language."""
    match pattern:
        case Literal(text):
            return text
        case Chars(mask):
            return bytes([best_byte(mask)]) if mask else None
        case Star():
            return b""
        case Concat() | Union():
            return _example(pattern)


@lru_cache(maxsize=_KEPT)
def _example(pattern: Concat | Union) -> bytes | None:
    if isinstance(pattern, Concat):
        pieces = [example(part) for part in pattern.parts]
        known = [piece for piece in pieces if piece is not None]
        return b"".join(known) if len(known) == len(pieces) else None
    members = [example(option) for option in pattern.options]
    return min((member for member in members if member is not None), key=cost, default=None)
