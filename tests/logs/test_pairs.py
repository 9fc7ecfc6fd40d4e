"""Pairs of records: their values, and the time that texts of strangers take."""

from __future__ import annotations

import re
import time

import pytest

from lsmc.logs.pairs import PAIR, SHOWN_PAIR, Value, in_folder, pairs


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pid=7 comm=612062", {"pid": 7, "comm": "a b"}),
        ('comm="612062" dev="vda1"', {"comm": "612062", "dev": "vda1"}),
        ("path=00414200 exit=-13 dest=x", {"path": "@AB", "exit": -13, "dest": "x"}),
        ("a=1 a=2 b= c", {"a": "2"}),
        ("proctitle=61002D62", {"proctitle": "a -b"}),
    ],
)
def test_values(text: str, found: dict[str, Value]) -> None:
    assert dict(pairs(text)) == found


def test_shown() -> None:
    """Without quotes a text ends before the next key."""
    assert dict(pairs("comm=a b  c name=x=y pid=1", SHOWN_PAIR)) == {
        "comm": "a b  c",
        "name": "x=y",
        "pid": 1,
    }


@pytest.mark.parametrize("pattern", [PAIR, SHOWN_PAIR])
@pytest.mark.parametrize("text", ["a", " ", "a=", "a= ", '"', "= b", "a b ", "a=b c "])
def test_time(pattern: re.Pattern[str], text: str) -> None:
    """Time grows with the length alone."""
    start = time.process_time()
    pairs(text * 100_000 + "!", pattern)
    assert time.process_time() - start < 2


def test_in_folder() -> None:
    assert in_folder("/srv/", "a") == "/srv/a"
    assert in_folder("/srv", "/a") == "/a"
    assert in_folder("", "a") == "a"
