from __future__ import annotations

import os
import subprocess
import sys
from array import array
from typing import Any
from typing import Literal as Only

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsmc.automata.determinize import determinize
from lsmc.automata.dfa import Dfa, StateLimit, verify
from lsmc.automata.nfa import build_nfa
from lsmc.automata.pattern import (
    ALL,
    NOT_NUL,
    Chars,
    Literal,
    Pattern,
    Star,
    concat,
    mask_of,
    optional,
    union,
)
from tests.automata.strategies import STRINGS, matched, pattern_lists

NOT_SLASH = NOT_NUL & ~mask_of(b"/")
LETTER = Chars(mask_of(b"ab"))
CHAIN = [LETTER, optional(LETTER), optional(Literal(b"ab")), Literal(b"a"), optional(Literal(b"a"))]
CODES: tuple[Only["B", "H", "I"], ...] = ("B", "I", "B", "H", "H", "H", "I", "I")
SAMPLE = [
    Literal(b"/etc/passwd"),
    concat([Literal(b"/etc/"), Star(NOT_NUL)]),
    concat([Star(NOT_SLASH), Literal(b"/a"), Chars(mask_of(b"abc"))]),
]


@given(pattern_lists)
def test_agrees_with_the_matcher(numbered: list[Pattern]) -> None:
    dfa = determinize(numbered)
    assert verify(dfa, len(numbered)) == []
    for text in STRINGS:
        expected = matched(numbered, text)
        assert dfa.match(text) == expected
        consumed, state = dfa.depth(text)
        assert (consumed == len(text)) == (dfa.walk(text) != 0)
        assert state == dfa.walk(text[:consumed]) != 0


@pytest.mark.parametrize("count", [2, 8, 9, 30])
def test_many_positions_that_match_one_byte(count: int) -> None:
    """Few are merged one by one, many at once."""
    ends = [Literal(b"x" * size) for size in range(1, count + 1)]
    numbered = [concat([Star(NOT_SLASH), end, optional(LETTER)]) for end in ends]
    dfa = determinize(numbered)
    for size in range(count + 2):
        for text in (b"x" * size, b"c" + b"x" * size + b"a", b"x" * size + b"/"):
            assert dfa.match(text) == matched(numbered, text)


@given(pattern_lists)
@settings(max_examples=50)
def test_edges_are_the_rows(numbered: list[Pattern]) -> None:
    dfa = determinize(numbered)
    for state in range(dfa.n_states):
        seen = 0
        for mask, target in dfa.edges(state):
            assert mask
            assert target
            assert not seen & mask
            seen |= mask
        targets = [target for _, target in dfa.edges(state)]
        assert len(set(targets)) == len(targets)
    for byte in range(256):
        by_edges = [target for mask, target in dfa.edges(1) if mask >> byte & 1]
        assert by_edges == [target for target in [dfa.walk(bytes([byte]))] if target]


def test_no_patterns() -> None:
    dfa = determinize([])
    assert (dfa.n_states, dfa.match(b""), dfa.walk(b"a")) == (2, (), 0)
    assert verify(dfa) == []


def test_chain_of_optional_parts_stays_small() -> None:
    letter = optional(Chars(mask_of(bytes(range(97, 123)))))
    patterns = [concat([Literal(b"/"), *[letter] * 31])]
    assert len(build_nfa(patterns).symbols) == 32
    assert determinize(patterns).n_states == 34


def test_shared_tail_is_built_once() -> None:
    heads = union([Literal(b"%03d" % number) for number in range(500)])
    # 500 last digits, 100 tens, 10 hundreds: the suffixes of the heads are shared as well.
    assert len(build_nfa([concat([heads, Literal(b"/tail")])]).symbols) == 500 + 100 + 10 + 5


def test_loop_rows_default_to_themselves() -> None:
    names = [Literal(b"/" + bytes([byte])) for byte in b"abcdefgh"]
    dfa = determinize([concat([Literal(b"/"), Star(NOT_SLASH)]), *names])
    state = dfa.walk(b"/xx")
    assert dfa.defaults[state] == state
    assert dfa.offsets[state + 1] - dfa.offsets[state] == 2


@given(st.lists(st.sampled_from(CHAIN), min_size=2, max_size=5).map(concat))
def test_optional_chains_agree_with_the_matcher(chain: Pattern) -> None:
    dfa = determinize([chain])
    for text in STRINGS:
        assert dfa.match(text) == matched([chain], text)


def test_a_byte_that_falls_back_to_the_default() -> None:
    """`a` is an exception as a member of `[ab]`, but on its own joins the default's target."""
    x, y = Literal(b"x"), Literal(b"y")
    pattern = union(
        [
            concat([Chars(mask_of(b"ab")), x]),
            concat([Chars(mask_of(b"cdefgh")), union([x, y])]),
            concat([Literal(b"a"), union([x, y])]),
            Literal(b"zcdefgh"),
        ]
    )
    dfa = determinize([pattern])
    assert dfa.walk(b"a") == dfa.walk(b"c") == dfa.defaults[1] != 0
    assert [dfa.match(text) for text in (b"ay", b"by", b"bx", b"cy")] == [(0,), (), (0,), (0,)]


def test_state_limit() -> None:
    late = [concat([Star(ALL), Literal(b"a"), *[Chars(ALL)] * 12])]
    with pytest.raises(StateLimit):
        determinize(late, 4000)
    assert determinize(late, 9000).n_states > 8192


def test_states_past_the_limit_of_a_row_are_refused() -> None:
    late = [concat([Star(ALL), Literal(b"a"), *[Chars(ALL)] * 16])]
    with pytest.raises(StateLimit) as caught:
        determinize(late, 10**9)
    assert caught.value.limit == 65535


def test_reads_views_of_a_file() -> None:
    dfa = determinize(SAMPLE)
    views: dict[str, Any] = {
        name: memoryview(bytes(array(code, getattr(dfa, name)))).cast(code)
        for name, code in zip(Dfa._fields, CODES, strict=True)
    }
    loaded = Dfa(**views)
    assert verify(loaded, len(SAMPLE)) == []
    assert loaded.match(b"/etc/passwd") == (0, 1)
    assert loaded.edges(1) == dfa.edges(1)


CORRUPT = [
    ("classes", 0, 255, ""),
    ("offsets", 3, 10**6, "rows: offsets do not ascend"),
    ("offsets", -1, 10**6, "rows: offsets do not span the items"),
    ("offsets", 1, 1, "state 0 is not dead"),
    ("labels", 3, 255, "labels: no such class"),
    ("targets", 0, 65535, "targets: no such state"),
    ("defaults", 5, 65535, "targets: no such state"),
    ("defaults", 0, 1, "state 0 is not dead"),
    ("accepts", 4, 99, "accepts: no such set"),
    ("accept_offsets", -1, 99, "accept sets: offsets do not span the items"),
    ("accept_offsets", 1, 1, "accept set 0 is not empty"),
    ("accept_ids", 0, 3, "accept ids: no such pattern"),
]


@pytest.mark.parametrize(("name", "index", "value", "fault"), CORRUPT)
def test_verify_finds_corruption(name: str, index: int, value: int, fault: str) -> None:
    dfa = determinize(SAMPLE)
    code = dict(zip(Dfa._fields, CODES, strict=True))[name]
    items = array(code, getattr(dfa, name))
    items[index] = value
    faults = verify(dfa._replace(**{name: items}), len(SAMPLE))
    assert fault in faults or (not fault and not faults)


@pytest.mark.parametrize("name", Dfa._fields)
def test_verify_finds_truncation(name: str) -> None:
    dfa = determinize(SAMPLE)
    for cut in (getattr(dfa, name)[:-1], getattr(dfa, name)[:0]):
        assert verify(dfa._replace(**{name: cut}))


def test_verify_finds_unsorted_rows() -> None:
    dfa = determinize([Literal(b"a"), Literal(b"b")])
    labels = array("B", reversed(dfa.labels))
    assert verify(dfa._replace(labels=labels)) == ["rows: a run does not ascend"]


def test_same_bytes_whatever_the_hash_seed() -> None:
    program = (
        "from tests.automata.test_dfa import SAMPLE, determinize\n"
        "dfa = determinize(SAMPLE * 3)\n"
        "print([bytes(getattr(dfa, name)).hex() for name in dfa._fields])\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1
