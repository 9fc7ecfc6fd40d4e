"""Positions of the protocol, against the plain definition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsmc.server.positions import Position, Range, Text

TEXTS = st.lists(
    st.sampled_from(["a", "/", "ä", "€", "𝄞", "\n", "\r\n", "\r", "\u2028", "\x85", "\x0c"])
).map("".join)


def lines(text: str) -> list[str]:
    """The lines of a text with their ends, which are three."""
    found, line = [], ""
    for at, char in enumerate(text):
        line += char
        if char == "\n" or (char == "\r" and text[at + 1 : at + 2] != "\n"):
            found.append(line)
            line = ""
    return [*found, line]


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@given(TEXTS)
def test_each_character_has_the_position_that_the_protocol_says(text: str) -> None:
    found = Text(text.encode())
    before = ""
    for number, line in enumerate(lines(text)):
        for at in range(len(line.rstrip("\r\n")) + 1):
            offset = len((before + line[:at]).encode())
            place = Position(number, units(line[:at]))
            assert found.position(offset) == place
            assert found.offset(place) == offset
        before += line


@given(TEXTS, TEXTS, st.integers(0, 30), st.integers(0, 30))
def test_an_edit_by_positions_is_an_edit_by_characters(
    text: str, new: str, first: int, second: int
) -> None:
    start, end = sorted((min(first, len(text)), min(second, len(text))))
    if text[start - 1 : start + 1] == "\r\n" or text[end - 1 : end + 1] == "\r\n":
        return  # no position lies between the two
    old = Text(text.encode())
    where = Range(old.position(len(text[:start].encode())), old.position(len(text[:end].encode())))
    assert old.edited(where, new.encode()).data == (text[:start] + new + text[end:]).encode()


@pytest.mark.parametrize(
    ("place", "offset"),
    [((0, 99), 2), ((9, 0), 5), ((-1, 0), 0), ((1, -4), 3), ((1, 2**31 - 1), 5)],
)
def test_positions_outside_of_the_text_are_its_edges(place: tuple[int, int], offset: int) -> None:
    assert Text(b"ab\ncd").offset(Position(*place)) == offset


def test_a_byte_that_is_no_utf8_is_one_unit() -> None:
    text = Text(b"a\xffb")
    assert text.position(2) == Position(0, 2)
    assert text.offset(Position(0, 2)) == 2
