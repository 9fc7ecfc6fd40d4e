"""Patterns as text: exact, readable, and the same language in Python's regular expressions."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsmc.automata.alphabet import ALL, NOT_NUL, bytes_of, mask_of
from lsmc.automata.pattern import NEVER, Chars, Literal, Pattern, Star, concat, optional, union
from lsmc.automata.text import bytes_text, pattern_text
from tests.automata.strategies import ALPHABET, matches, patterns

#: An escape, a set, any byte, or any byte but NUL.
_TOKEN = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\(\?s:\.\)|\.", re.DOTALL)


def compiled(pattern: Pattern) -> re.Pattern[bytes]:
    text = _TOKEN.sub(
        lambda token: r"[^\x00]" if token[0] == "." else token[0], pattern_text(pattern)
    )
    return re.compile(text.encode("ascii"))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (Literal(b"/a.b c"), r"/a\.b\x20c"),
        (Literal(b"\xff\n\\"), r"\xff\x0a\\"),
        (Chars(NOT_NUL), "."),
        (Star(ALL), "(?s:.)*"),
        (Chars(mask_of(b"abcx-")), r"[\-a-cx]"),
        (Star(NOT_NUL & ~mask_of(b"/")), r"[^\x00/]*"),
        (NEVER, "(?!)"),
        (Chars(0), "(?!)"),
        (concat((Literal(b"/"), union((Literal(b"a"), Literal(b"bc"))))), "/(a|bc)"),
        (optional(Literal(b"ab")), "(ab|)"),
    ],
)
def test_the_text_of_a_pattern(pattern: Pattern, text: str) -> None:
    assert pattern_text(pattern) == text


@given(patterns, st.binary(max_size=4), st.lists(st.sampled_from(sorted(ALPHABET)), max_size=5))
def test_the_text_is_the_pattern(pattern: Pattern, some: bytes, others: list[int]) -> None:
    for text in (some, bytes(others)):
        assert (compiled(pattern).fullmatch(text) is not None) == matches(pattern, text)


@given(st.binary(max_size=20))
def test_a_set_in_a_pattern_is_the_set(members: bytes) -> None:
    for mask in (mask_of(members), ALL & ~mask_of(members)):
        if mask:
            found = compiled(Chars(mask))
            assert bytes(
                byte for byte in range(256) if found.fullmatch(bytes((byte,)))
            ) == bytes_of(mask)


def test_the_text_of_a_set() -> None:
    assert bytes_text(mask_of(b"abc-x")) == r"\x2d a-c x"
    assert bytes_text(ALL) == r"\x00-\xff"
