from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsmc.automata.algebra import (
    Lazy,
    Table,
    alternatives,
    contains,
    difference,
    equivalent,
    intersection,
    search,
    shortest,
)
from lsmc.automata.alphabet import cost
from lsmc.automata.determinize import determinize
from lsmc.automata.dfa import StateLimit
from lsmc.automata.pattern import (
    ALL,
    NEVER,
    NOT_NUL,
    Chars,
    Literal,
    Pattern,
    Star,
    concat,
    example,
    is_empty_language,
    mask_of,
    union,
)
from tests.automata.strategies import ALPHABET, matches, members, patterns

NOT_SLASH = NOT_NUL & ~mask_of(b"/")
ETC = concat([Literal(b"/etc/"), Star(NOT_NUL)])
CONF = concat([Literal(b"/etc/"), Star(NOT_SLASH), Literal(b".conf")])


def _check(found: bytes | None, expected: frozenset[bytes]) -> None:
    """No short string is a better witness; none at all means there are no such strings."""
    if found is None:
        assert not expected
    else:
        assert all(cost(found) <= cost(text) for text in expected)
        if len(found) <= 4 and set(found) <= set(ALPHABET):
            assert found in expected


@given(patterns, patterns)
def test_agrees_with_brute_force(a: Pattern, b: Pattern) -> None:
    in_a, in_b = members(a), members(b)
    both, only_a = intersection(a, b), difference(a, b)
    _check(both, in_a & in_b)
    _check(only_a, in_a - in_b)
    assert both is None or (matches(a, both) and matches(b, both))
    assert only_a is None or (matches(a, only_a) and not matches(b, only_a))
    assert contains(a, b) <= (in_b <= in_a)


@given(patterns, patterns)
def test_tables_answer_as_patterns_do(a: Pattern, b: Pattern) -> None:
    table_a, table_b = Table(determinize([a])), Table(determinize([b]))
    assert intersection(table_a, b) == intersection(a, table_b) == intersection(a, b)
    assert difference(table_a, b) == difference(a, table_b) == difference(a, b)
    assert shortest(table_a) == shortest(a)


@given(patterns, patterns)
def test_lazy_edges_are_disjoint(a: Pattern, b: Pattern) -> None:
    lazy = Lazy(a, b)
    seen, targets = 0, set()
    for mask, target in lazy.edges(lazy.start):
        assert mask
        assert lazy.edges(target) or lazy.accepts(target)
        assert not mask & seen
        seen |= mask
        targets.add(target)
    assert len(targets) == len(lazy.edges(lazy.start))


@given(st.lists(patterns, min_size=1, max_size=3))
def test_the_edges_of_a_table_the_other_way_round(found: list[Pattern]) -> None:
    dfa = determinize(found)
    leads: dict[int, set[int]] = {}
    for state in range(1, dfa.n_states):
        for _, target in Table(dfa).edges(state):
            leads.setdefault(target, set()).add(state)
    for end in range(1, dfa.n_states):
        before, todo = {end}, [end]
        while todo:
            new = leads.get(todo.pop(), set()) - before
            before |= new
            todo += new
        assert sorted(dfa.reverse().before([end], dfa.n_states)) == sorted(before)


def test_each_edge_has_a_byte() -> None:
    """Of a set whose bytes all lead elsewhere together with other sets, no edge is left."""
    lazy = Lazy(Literal(b"a"), Literal(b"b"), Chars(mask_of(b"ab")))
    assert [mask for mask, _ in lazy.edges(lazy.start)] == [mask_of(b"a"), mask_of(b"b")]


@given(patterns, patterns, patterns)
@settings(max_examples=50)
def test_laws(a: Pattern, b: Pattern, c: Pattern) -> None:
    assert equivalent(union([a, a]), a)
    assert equivalent(union([a, b]), union([b, a]))
    assert equivalent(concat([a, concat([b, c])]), concat([concat([a, b]), c]))
    assert equivalent(concat([a, union([b, c])]), union([concat([a, b]), concat([a, c])]))
    assert contains(union([a, b]), a)
    assert difference(a, a) is None
    assert (shortest(a) is None) == is_empty_language(a)
    assert (difference(a, union([b, c])) is None) <= (
        difference(a, b) is None or intersection(a, c) is not None
    )


@given(patterns, patterns)
@settings(max_examples=50)
def test_de_morgan(a: Pattern, b: Pattern) -> None:
    """Outside `a | b` is outside `a` and outside `b`: no string tells them apart."""
    one, two, both = Lazy(a), Lazy(b), Lazy(union([a, b]))

    def accepted(automaton: Lazy, state: tuple[int, ...] | None) -> bool:
        return state is not None and bool(automaton.accepts(state))

    found = search(
        [one, two, both],
        lambda states: (
            (accepted(one, states[0]) or accepted(two, states[1])) != accepted(both, states[2])
        ),
    )
    assert found is None


@given(patterns)
def test_shortest_is_an_example(pattern: Pattern) -> None:
    found, read = shortest(pattern), example(pattern)
    assert (found is None) == (read is None)
    if found is not None and read is not None:
        assert matches(pattern, found)
        assert cost(found)[:2] == cost(read)[:2]


@given(patterns, st.integers(0, 30))
def test_alternatives(pattern: Pattern, count: int) -> None:
    found = alternatives(pattern, count)
    assert len(found) <= count
    assert len(set(found)) == len(found)
    assert all(matches(pattern, text) for text in found)
    assert found == sorted(found, key=_length_and_ranks)
    if len(found) < count:
        assert members(pattern) <= set(found)
    elif found:
        last = _length_and_ranks(found[-1])
        assert {text for text in members(pattern) if _length_and_ranks(text) < last} <= set(found)


def _length_and_ranks(text: bytes) -> tuple[int, bytes]:
    length, _, ranks = cost(text)
    return length, ranks


def test_alternatives_in_order() -> None:
    assert alternatives(CONF, 3) == [b"/etc/.conf", b"/etc/a.conf", b"/etc/b.conf"]
    assert alternatives(Literal(b"x" * 3000), 2) == [b"x" * 3000]
    assert alternatives(NEVER, 2) == []


def test_witnesses_read_well() -> None:
    assert intersection(ETC, CONF) == b"/etc/.conf"
    assert difference(concat([ETC, Literal(b"x")]), CONF) == b"/etc/x"
    assert difference(CONF, ETC) is None
    assert shortest(concat([Literal(b"/"), Chars(NOT_SLASH)])) == b"/a"
    assert shortest(union([Literal(b"a\x01"), Literal(b"/b")])) == b"/b"
    assert shortest(union([Literal(b"a\0"), Literal(b"~ ")])) == b"~ "
    # of paths that differ early and are unprintable, or worse to read, later
    assert shortest(union([Literal(b"a\x01a"), Literal(b"bbb")])) == b"bbb"
    assert shortest(union([Literal(b"azy"), Literal(b"bax")])) == b"azy"


def test_search_goes_on_past_dead_automata() -> None:
    one = Lazy(Literal(b"a"))
    assert search([one], lambda states: states[0] is None) == b"b"
    assert search([one, one], lambda _: False) is None


def test_search_prunes_and_limits() -> None:
    one = Lazy(concat([Star(ALL), Literal(b"a"), *[Chars(ALL)] * 12]))
    with pytest.raises(StateLimit):
        search([one], lambda _: False, limit=100)
    visited = 0

    def alive(_states: tuple[object, ...]) -> bool:
        nonlocal visited
        visited += 1
        return False

    assert search([one], lambda _: False, alive=alive) is None
    assert visited == 1


def test_lazy_numbers_its_patterns() -> None:
    lazy = Lazy(ETC, CONF, Literal(b"/"))
    state = lazy.start
    for byte in b"/etc/a.conf":
        state = next(to for mask, to in lazy.edges(state) if mask >> byte & 1)
    assert lazy.accepts(state) == (0, 1)
    edges = [mask for mask, _ in islice(lazy.edges(state), 10)]
    assert sum(edges) == NOT_NUL


def test_a_part_is_not_the_whole() -> None:
    assert contains(ETC, CONF)
    assert not contains(CONF, ETC)
    assert not equivalent(ETC, CONF)
    assert not equivalent(CONF, ETC)


def test_the_limit_is_the_number_of_tuples() -> None:
    """The start, a state for each byte of the text, and death: five."""
    one = Lazy(Literal(b"abc"))
    assert search([one], lambda _: False, limit=5) is None
    with pytest.raises(StateLimit) as caught:
        search([one], lambda _: False, limit=4)
    assert caught.value.limit == 4


def test_questions_hand_on_their_limit() -> None:
    text = Literal(b"a" * 50)
    for ask in (intersection, difference):
        with pytest.raises(StateLimit):
            ask(text, concat([text, Literal(b"b")]), 20)


def test_what_is_not_alive_is_not_followed() -> None:
    """The goal lies behind a tuple that is said to be dead, so it is not found."""
    one, two = Lazy(Literal(b"a")), Lazy(Literal(b"bb"))

    def goal(states: tuple[object, ...]) -> bool:
        return states[1] is not None and two.accepts(states[1]) == (0,)  # type: ignore[arg-type]

    assert search([one, two], goal) == b"bb"
    assert search([one, two], goal, alive=lambda states: states[0] is not None) is None
