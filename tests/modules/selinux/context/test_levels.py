"""Levels and ranges: their text as the kernel reads and writes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsmc.modules.selinux.context.levels import (
    Level,
    LevelNames,
    Range,
    contains,
    dominates,
    format_range,
    overlap,
    parse_range,
)

CATEGORIES = [f"c{number}" for number in range(12)]
SENSITIVITIES = ["s0", "s1", "s2"]
NAMES = LevelNames(
    {**{name: number for number, name in enumerate(SENSITIVITIES)}, "low": 0},
    {name: number for number, name in enumerate(CATEGORIES)},
    SENSITIVITIES,
    CATEGORIES,
)
LEVELS = st.builds(Level, st.integers(0, 2), st.integers(0, (1 << 12) - 1))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("s0", "s0"),
        ("low", "s0"),
        ("s0-s0", "s0"),
        ("s0:c1,c2", "s0:c1,c2"),
        ("s0:c1.c2", "s0:c1,c2"),
        ("s0:c2,c1,c0", "s0:c0.c2"),
        ("s1:c0.c2,c4,c6.c7", "s1:c0.c2,c4,c6,c7"),
        ("s0-s2:c0.c11", "s0-s2:c0.c11"),
        ("s2-s0:c1", "s2-s0:c1"),
    ],
)
def test_a_range_has_one_canonical_text(text: str, canonical: str) -> None:
    span = parse_range(text, NAMES)
    assert span is not None
    assert format_range(span, NAMES) == canonical


@pytest.mark.parametrize(
    "text", ["", "s9", "s0:", "s0:c1.c1", "s0:c2.c1", "s0:c99", "s0-", "s0:c1,", "s0:c0.c", "s0 "]
)
def test_what_the_kernel_refuses_is_no_range(text: str) -> None:
    assert parse_range(text, NAMES) is None


@given(LEVELS, LEVELS)
def test_text_and_back(low: Level, high: Level) -> None:
    span = Range(low, high)
    assert parse_range(format_range(span, NAMES), NAMES) == span


@given(LEVELS, LEVELS, LEVELS)
def test_dominance_is_a_partial_order(one: Level, two: Level, three: Level) -> None:
    assert dominates(one, one)
    if dominates(one, two) and dominates(two, one):
        assert one == two
    if dominates(one, two) and dominates(two, three):
        assert dominates(one, three)


@given(LEVELS, LEVELS, LEVELS, LEVELS)
def test_the_overlap_lies_in_both(one: Level, two: Level, three: Level, four: Level) -> None:
    first, second = Range(one, two), Range(three, four)
    common = overlap(first, second)
    if common is None:
        assert (
            two.sensitivity < three.sensitivity
            or four.sensitivity < one.sensitivity
            or (two.sensitivity < one.sensitivity or four.sensitivity < three.sensitivity)
        )
        return
    assert common.low.sensitivity == max(one.sensitivity, three.sensitivity)
    assert common.high.sensitivity == min(two.sensitivity, four.sensitivity)
    assert common.low.categories == one.categories & three.categories


def test_a_range_contains_what_lies_between_its_levels() -> None:
    outer = Range(Level(0, 0), Level(1, 0b111))
    assert contains(outer, Range(Level(0, 1), Level(1, 0b11)))
    assert not contains(outer, Range(Level(0, 0), Level(2, 0)))
    assert not contains(Range(Level(0, 1), Level(1, 0b11)), outer)
