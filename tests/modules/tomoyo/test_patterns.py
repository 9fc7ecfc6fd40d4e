"""Patterns, with what the kernel does that the manual does not say."""

from __future__ import annotations

import pytest

from lsmc.automata.algebra import difference, shortest
from lsmc.modules.tomoyo.name_sets import AnyName
from lsmc.modules.tomoyo.patterns import Glob


@pytest.mark.parametrize(
    ("pattern", "names", "others"),
    [
        (r"/a", ["/a"], ["/a/", "/b", "/aa"]),
        (r"/\*", ["/a", "/a.b", r"/a\040b"], ["/a/", "/a/b", "/a/"]),
        (r"/\@", ["/a"], ["/a.b"]),
        (r"/a\?", ["/ab", r"/a\040", r"/a\\"], ["/a", "/abc", "/a/"]),
        (r"/\$\+", ["/12", "/123"], ["/1", "/1a"]),
        (r"/\X\x", ["/aF", "/0a1"], ["/a", "/ag"]),
        (r"/\A\a", ["/ab", "/abC"], ["/a", "/a1"]),
        (r"/a\\b", [r"/a\\b"], ["/ab"]),
        (r"/a\040\*", [r"/a\040", r"/a\040x"], ["/a", "/ax"]),
        (r"/\*\-\*.key", ["/a", "/a.pem"], ["/a.key"]),
        (r"/\*\-a\-b", ["/c", "/ab"], ["/a", "/b"]),
        (r"/\{\*\}/c", ["/a/c", "/a/b/c"], ["/c", "/a/c/"]),
        (r"/x/\{a\}/\*", ["/x/a/b", "/x/a/a/b"], ["/x/b", "/x/c/b"]),
        (r"/\*/", ["/a/"], ["/a", "/a/b/"]),
    ],
)
def test_what_a_pattern_matches(pattern: str, names: list[str], others: list[str]) -> None:
    found = Glob(pattern)
    assert [name for name in names if not found.matches(name)] == []
    assert [name for name in others if found.matches(name)] == []


def test_a_rest_of_stars_is_ignored_at_the_end_of_a_name() -> None:
    assert Glob(r"/a/\*/\*").matches("/a/b")
    assert not Glob(r"/a/\*/\?\*").matches("/a/b")
    assert not Glob(r"/a/\{\*\}/\*").matches("/a/b")


def test_what_stands_before_the_first_pattern_is_no_part_of_a_subtraction() -> None:
    assert not Glob(r"/a\*\-b").matches("/ab")
    assert Glob(r"/a\*\-ab").matches("/ab")
    assert not Glob(r"/a\-b").matches("/a")


def test_a_star_keeps_to_the_characters_that_the_kernel_writes() -> None:
    assert not Glob(r"/\*40").matches(r"/a\040")
    assert Glob(r"/\*\040").matches(r"/a\040")


@pytest.mark.parametrize("pattern", [r"/\{a", r"/\q", "/a\\", r"/\{a\}", r"/\{a/b\}/c"])
def test_a_broken_member_of_a_group_matches_nothing(pattern: str) -> None:
    assert shortest(Glob(pattern)) is None


def test_as_automata_patterns_are_compared_exactly() -> None:
    assert difference(Glob(r"/\a"), Glob(r"/\A")) is None
    assert difference(Glob(r"/\A"), Glob(r"/\a")) == b"/aa"
    assert difference(Glob(r"/\?\-\a"), Glob(r"/\?")) is None
    assert difference(Glob(r"/\*\-a"), AnyName()) is None
    assert difference(Glob(r"/\?"), Glob(r"/\?\-a")) == b"/a"
