"""The quick searches of the checks give the answers of the algebra."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsmc.analysis.redundancy.keys import KeyLanguages
from lsmc.automata.algebra import (
    Lazy,
    States,
    Table,
    contains,
    equivalent,
    intersection,
    search,
)
from lsmc.automata.alphabet import cost
from lsmc.automata.common import Complement, have_common, member, shortest, shortest_common
from lsmc.automata.determinize import determinize
from lsmc.automata.dfa import StateLimit
from lsmc.automata.members import MAX_MEMBERS, all_members, common_prefix, members, seen
from lsmc.automata.pattern import (
    ALL,
    NOT_NUL,
    Chars,
    Literal,
    Pattern,
    Star,
    concat,
    mask_of,
    union,
)
from lsmc.base.source import Source, Span
from lsmc.ir.model import Effect, Rule
from lsmc.kernels.product import Along
from lsmc.modules.apparmor.analysis.semantics import SEMANTICS
from lsmc.modules.apparmor.classes import FILE
from lsmc.tables.reach import Reach
from tests.automata.strategies import STRINGS, matches, patterns

NOWHERE = Span(Source("", ""), 0, 0)


@given(patterns, patterns)
def test_two_languages(a: Pattern, b: Pattern) -> None:
    found = intersection(a, b)
    assert shortest_common([Lazy(a), Lazy(b)]) == found
    assert shortest_common([Table(determinize([a])), Lazy(b)]) == found
    assert have_common([Lazy(a), Lazy(b)]) == (found is not None)


@given(patterns, st.lists(patterns, max_size=3), st.lists(st.sampled_from(STRINGS), max_size=4))
def test_one_language_with_others_beside_it(
    one: Pattern, others: list[Pattern], texts: list[bytes]
) -> None:
    """At each member all that match are known; anything else leads nowhere."""
    along = Along(7, Lazy(one), {number: Lazy(other) for number, other in enumerate(others)})
    found = shortest([along], lambda states: bool(along.accepts(states[0])))
    assert found == shortest_common([Lazy(one)])
    for text in texts if found is None else (*texts, found):
        assert member(along, text) == matches(one, text)
        if matches(one, text):
            state = along.start
            for byte in text:
                (state,) = (to for mask, to in along.edges(state) if mask >> byte & 1)
            beside = [number for number, other in enumerate(others) if matches(other, text)]
            assert list(along.accepts(state)) == [*beside, 7]


@given(patterns, patterns, patterns)
def test_several_languages(a: Pattern, b: Pattern, c: Pattern) -> None:
    """Two, and not the third."""
    automata = [Lazy(a), Lazy(b), Lazy(c)]

    def goal(states: States) -> bool:
        one, two, three = states
        if one is None or two is None or (three is not None and automata[2].accepts(three)):
            return False
        return bool(automata[0].accepts(one) and automata[1].accepts(two))

    assert shortest_common([*automata[:2], Complement(automata[2])]) == search(automata, goal)


@given(patterns)
def test_members_and_complement(pattern: Pattern) -> None:
    lazy = Lazy(pattern)
    for text in STRINGS:
        expected = matches(pattern, text)
        assert member(lazy, text) == expected
        assert member(Complement(lazy), text) != expected


def test_the_search_ends_at_its_limit() -> None:
    endless = Lazy(concat([Star(ALL), Literal(b"ab"), Star(ALL)]))
    long = Lazy(Literal(b"x" * 50))
    for limited in (shortest_common, have_common):
        with pytest.raises(StateLimit):
            limited([endless, long], 20)
    with pytest.raises(StateLimit):
        shortest([endless], lambda _: False, 1)


@given(patterns, st.lists(patterns, max_size=2))
def test_what_is_seen_of_a_pattern_is_what_tables_tell(one: Pattern, others: list[Pattern]) -> None:
    """In a table of its own, and in one with others."""
    sight = seen(one)
    if sight is None:
        return
    alone = determinize([one])
    assert all_members(alone) == sight.members
    reach = Reach(determinize([one, *others]), range(1 + len(others)))
    accepting, useful = frozenset(reach.accepting(0)), reach.useful(0)
    assert members(reach.table, accepting, useful) == sight.members
    prefix = common_prefix(reach.table, accepting, useful)
    assert prefix.startswith(sight.prefix)
    if sight.members is not None:
        assert prefix == sight.prefix


def test_what_is_seen_where_members_are_many() -> None:
    letters = Chars(mask_of(bytes(range(97, 97 + 17))))
    assert seen(letters) is None  # a table may lead on by all of them at once
    texts = [Literal(f"{n:03}".encode()) for n in range(MAX_MEMBERS + 1)]
    few, many = seen(union(texts[:-1])), seen(union(texts))
    assert few is not None
    assert few.members == tuple(text.text for text in texts[:-1])
    assert many == (None, b"", b"000")
    assert seen(concat([Literal(b"/x"), Star(NOT_NUL)])) == (None, b"/x", b"/x")


def forms_of(*found: Pattern) -> KeyLanguages:
    rules = [Rule(FILE, (one,), 1, 1, Effect.ALLOW, NOWHERE) for one in found]
    return KeyLanguages(rules, SEMANTICS)


@given(patterns, patterns)
def test_forms(a: Pattern, b: Pattern) -> None:
    forms = forms_of(a, b)
    one, other = forms.of(0), forms.of(1)
    assert (one is other) == (a == b)
    assert forms.within(one, other) == contains(b, a)
    assert forms.alike([one], [other]) == equivalent(a, b)
    assert forms.alike([one, other], [other, one])
    code = bytes((FILE.code,))
    for text in STRINGS:
        assert forms.matches(one, text) == matches(a, text)
        if matches(a, text):
            assert (code + text).startswith(one.heads)


@given(patterns, patterns, patterns)
@settings(max_examples=30)
def test_forms_together(a: Pattern, b: Pattern, c: Pattern) -> None:
    forms = forms_of(a, b, c)
    one, two, three = (forms.of(number) for number in range(3))
    assert forms.alike([one, two], [three]) == equivalent(union([a, b]), c)


@given(patterns)
def test_the_keys_of_a_form_are_all_of_them(pattern: Pattern) -> None:
    form = forms_of(pattern).of(0)
    if form.keys is not None:
        assert sorted(form.keys, key=cost) == sorted(set(form.keys), key=cost)
        assert set(STRINGS) & set(form.keys) == {t for t in STRINGS if matches(pattern, t)}
        assert list(form.keys) == sorted(form.keys, key=lambda key: (len(key), key))
