from __future__ import annotations

import pytest
from hypothesis import given

from lsmc.automata.alphabet import ALL, NOT_NUL, cost
from lsmc.automata.pattern import (
    EMPTY,
    NEVER,
    Chars,
    Concat,
    Literal,
    Pattern,
    Star,
    Union,
    concat,
    example,
    is_empty_language,
    literal_prefix,
    literals,
    mask_of,
    min_length,
    optional,
    union,
)
from tests.automata.strategies import ALPHABET, matches, members, patterns

NOT_SLASH = NOT_NUL & ~mask_of(b"/")
A, B = Literal(b"a"), Literal(b"b")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], EMPTY),
        ([A, B], Literal(b"ab")),
        ([A, concat([Star(ALL), B]), A], Concat((A, Star(ALL), Literal(b"ba")))),
        ([A, NEVER], NEVER),
        ([A, Chars(0)], NEVER),
        ([A, Star(0), B], Literal(b"ab")),
        ([EMPTY, Star(ALL), EMPTY], Star(ALL)),
    ],
)
def test_concat(parts: list[Pattern], expected: Pattern) -> None:
    assert concat(parts) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], NEVER),
        ([B, A, B], Union((B, A))),
        ([A, union([B, EMPTY])], Union((A, B, EMPTY))),
        ([A, NEVER, Chars(0)], A),
    ],
)
def test_union(options: list[Pattern], expected: Pattern) -> None:
    assert union(options) == expected


def test_long_concat_does_not_recurse() -> None:
    long = concat([Chars(mask_of(b"ab")), Star(NOT_SLASH)] * 5000)
    assert min_length(long) == 5000
    assert example(long) == b"a" * 5000
    assert literals(long, 10) is None
    assert not is_empty_language(long)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (concat([Literal(b"/etc/"), Star(ALL)]), b"/etc/"),
        (union([Literal(b"/usr/bin"), concat([Literal(b"/usr/"), Star(ALL)])]), b"/usr/"),
        (concat([Union((A, A)), B]), b"ab"),
        (concat([A, Chars(mask_of(b"x")), optional(B)]), b"ax"),
        (NEVER, b""),
    ],
)
def test_literal_prefix(pattern: Pattern, expected: bytes) -> None:
    assert literal_prefix(pattern) == expected


@pytest.mark.parametrize(
    ("pattern", "limit", "expected"),
    [
        (concat([union([B, A]), optional(A)]), 4, (b"ba", b"b", b"aa", b"a")),
        (concat([union([B, A]), optional(A)]), 3, None),
        (Chars(mask_of(b"ba")), 2, (b"a", b"b")),
        (Star(ALL), 99, None),
        (NEVER, 0, ()),
        (EMPTY, 0, None),
    ],
)
def test_literals(pattern: Pattern, limit: int, expected: tuple[bytes, ...] | None) -> None:
    assert literals(pattern, limit) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (Chars(NOT_SLASH), b"a"),
        (Chars(mask_of(b"\x01~")), b"~"),
        (union([Literal(b"\x01"), Literal(b"~")]), b"~"),
        (union([Literal(b"long"), A]), b"a"),
        (NEVER, None),
    ],
)
def test_example(pattern: Pattern, expected: bytes | None) -> None:
    assert example(pattern) == expected


@given(patterns)
def test_readings_agree_with_the_matcher(pattern: Pattern) -> None:
    short = members(pattern)
    found = example(pattern)
    assert (found is None) == is_empty_language(pattern)
    if found is not None:
        assert matches(pattern, found)
        assert len(found) == min_length(pattern)
    assert all(text.startswith(literal_prefix(pattern)) for text in short)
    assert all(len(text) >= min_length(pattern) for text in short)
    listed = literals(pattern, 300)
    if listed is not None:
        assert len(set(listed)) == len(listed)
        within = {text for text in listed if len(text) <= 4 and set(text) <= set(ALPHABET)}
        assert within == short


def test_cost_orders_by_length_then_print_then_preference() -> None:
    ordered = [b"", b"a", b"Z", b"0", b"/", b"~", b" ", b"\x01", b"aa", b"~~", b"a\x01"]
    assert [*map(cost, ordered)] == sorted(map(cost, ordered))
