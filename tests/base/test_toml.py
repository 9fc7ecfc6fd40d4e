"""The places of keys and values: the text at each is the value that the parser reads."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsmc.base.source import Source, to_display
from lsmc.base.toml import TomlError, TomlPlaces, parse

TEXT = r'''# a comment with [[case]] in it
policy = "a#b"   # and behind
"quoted key" = 'x'
dotted . "two" = 1
list = [ "a", # first
  ["b", 'c],'],
]
table = { x = 1, "y]" = { z = [2] } }
long = """
[[case]]
name = "\"""no"""
raw = """a""""
date = 1979-05-27 07:32:00

[[case]]
name = "ä"
object = ["/a", "/b"]
[case.context]
uid = 0
[[case]]
object = "/c"
[[case.sub]]
k = true
'''


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict) and value:
        return [pair for key, one in value.items() for pair in leaves(one, (*path, key))]
    if isinstance(value, list) and value and any(isinstance(one, dict) for one in value):
        return [pair for n, one in enumerate(value) for pair in leaves(one, (*path, n))]
    return [(path, value)]


def check(text: str) -> None:
    places = TomlPlaces(Source.from_bytes("x.toml", text.encode()))
    for path, value in leaves(parse(text.encode())):
        if path and value != {}:  # which may be a header alone
            span = places.value(path)
            assert tomllib.loads(f"v = {to_display(span.text)}")["v"] == value, path


def test_every_value_is_at_its_place() -> None:
    check(TEXT)


def test_places_for_people() -> None:
    places = TomlPlaces(Source.from_bytes("x.toml", TEXT.encode()))
    assert places.key(("case", 0)).location()[1:3] == (15, 1)
    assert places.key(("case", 1, "object")).location()[1:3] == (21, 1)
    assert places.value(("case", 0, "object", 1)).text == '"/b"'
    assert places.key(("case", 0, "missing")) == places.key(("case", 0))
    assert places.key(("nothing",)).location()[1:3] == (1, 1)


KEYS = st.text("ab-_1", min_size=1, max_size=3) | st.text(max_size=3).map(
    lambda text: '"' + "".join(f"\\U{ord(c):08x}" for c in text) + '"'
)
STRINGS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C"]), max_size=6)
ATOMS = st.one_of(
    STRINGS.filter(lambda text: '"' not in text and "\\" not in text).map(lambda t: f'"{t}"'),
    STRINGS.filter(lambda text: "'" not in text).map(lambda t: f"'{t}'"),
    STRINGS.filter(lambda text: '"' not in text and "\\" not in text).map(lambda t: f'"""\n{t}"""'),
    st.sampled_from(
        ["1", "-2.5e3", "true", "1979-05-27 07:32:00", "inf", '"\\"#"', "'''\n[[a]]'''"]
    ),
)
VALUES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda some: "[" + ", # c\n ".join(some) + "]")
        | st.tuples(KEYS, inner).map(lambda pair: f"{{ {pair[0]} = {pair[1]} }}")
    ),
    max_leaves=6,
)
LINES = st.one_of(
    st.tuples(KEYS, VALUES).map(lambda pair: f"{pair[0]} = {pair[1]} # = ["),
    st.tuples(KEYS, KEYS, VALUES).map(lambda three: f"{three[0]} . {three[1]}={three[2]}"),
    KEYS.map(lambda key: f"[{key}]"),
    KEYS.map(lambda key: f"[[ {key} ]]"),
    st.tuples(KEYS, KEYS).map(lambda pair: f"[{pair[0]}.{pair[1]}]"),
)


@settings(max_examples=60)
@given(st.lists(LINES, max_size=8).map("\n".join))
def test_whatever_is_toml_has_places(text: str) -> None:
    try:
        parse(text.encode())
    except TomlError:
        return
    check(text)


@pytest.mark.parametrize(
    ("data", "place", "reason"),
    [
        (b"a = 1\nb = ", (2, 5), "not TOML: invalid value"),
        (b"a = 1\na = 2", (2, 6), "not TOML: cannot overwrite a value"),
        (b"\xff", (1, 1), "not UTF-8 text"),
        (b"a." * 2000 + b"a = 1", (1, 1), "a line has more than 1000 dots"),
        (b"a = " + b"[" * 5000, (0, 0), "too many brackets"),
    ],
)
def test_faults_have_places(data: bytes, place: tuple[int, int], reason: str) -> None:
    with pytest.raises(TomlError, match=reason) as told:
        parse(data)
    assert (told.value.line, told.value.column) == place
