"""Levels and ranges of multi-level security: their order, their text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple


class Level(NamedTuple):
    """A sensitivity, and categories: bit N is category N in the policy's order."""

    sensitivity: int
    categories: int


class Range(NamedTuple):
    """From a low level to a high one; valid ranges have a `high` that dominates `low`."""

    low: Level
    high: Level


class LevelNames(NamedTuple):
    """Sensitivities and categories by name, aliases too, and their names by number."""

    sensitivities: Mapping[str, int]
    categories: Mapping[str, int]
    sensitivity_names: Sequence[str]
    category_names: Sequence[str]


def dominates(one: Level, other: Level) -> bool:
    """Whether a level is at least as high as another and has all its categories."""
    return one.sensitivity >= other.sensitivity and not other.categories & ~one.categories


def contains(outer: Range, inner: Range) -> bool:
    """Whether a range lies within another."""
    return dominates(inner.low, outer.low) and dominates(outer.high, inner.high)


def overlap(one: Range, other: Range) -> Range | None:
    """The range that both have in common (`glblub`), None where the sensitivities do not meet."""
    low = max(one.low.sensitivity, other.low.sensitivity)
    high = min(one.high.sensitivity, other.high.sensitivity)
    if high < low:
        return None
    return Range(
        Level(low, one.low.categories & other.low.categories),
        Level(high, one.high.categories & other.high.categories),
    )


def parse_range(text: str, names: LevelNames) -> Range | None:
    """The range that a text names as the kernel reads it; None for one that it refuses."""
    first, dash, second = text.partition("-")
    low = _parse_level(first, names)
    high = _parse_level(second, names) if dash else low
    if low is None or high is None:
        return None
    return Range(low, high)


def _parse_level(text: str, names: LevelNames) -> Level | None:
    name, colon, rest = text.partition(":")
    sensitivity = names.sensitivities.get(name)
    if sensitivity is None:
        return None
    bits = 0
    for part in rest.split(",") if colon else ():
        first, dot, last = part.partition(".")
        start = names.categories.get(first)
        if start is None:
            return None
        end = names.categories.get(last) if dot else start
        if end is None or (dot and end <= start):
            return None
        bits |= (1 << end + 1) - (1 << start)
    return Level(sensitivity, bits)


def format_range(span: Range, names: LevelNames) -> str:
    """The canonical text of a range; a level alone where both ends are equal."""
    low = format_level(span.low, names)
    return low if span.low == span.high else f"{low}-{format_level(span.high, names)}"


def format_level(level: Level, names: LevelNames) -> str:
    """The canonical text of a level: three or more categories in a row are `first.last`."""
    name = names.sensitivity_names[level.sensitivity]
    if not level.categories:
        return name
    parts: list[str] = []
    for first, last in _runs(level.categories):
        parts.append(names.category_names[first])
        if last > first:
            sign = "." if last > first + 1 else ","
            parts[-1] += sign + names.category_names[last]
    return f"{name}:{','.join(parts)}"


def _runs(bits: int) -> Iterator[tuple[int, int]]:
    """The first and the last number of each run of set bits."""
    at = 0
    while bits:
        skip = (bits & -bits).bit_length() - 1
        bits >>= skip
        length = (~bits & (bits + 1)).bit_length() - 1
        yield at + skip, at + skip + length - 1
        bits >>= length
        at += skip + length
