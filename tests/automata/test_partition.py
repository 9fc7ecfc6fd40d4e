from __future__ import annotations

import pytest
from hypothesis import given, settings

from lsmc.automata.determinize import determinize
from lsmc.automata.dfa import StateLimit, verify
from lsmc.automata.nfa import build_nfa
from lsmc.automata.partition import MAX_PATTERNS, Group, partition
from lsmc.automata.pattern import ALL, NOT_NUL, Chars, Literal, Pattern, Star, concat, mask_of
from lsmc.tables.groups import encode_dfa
from tests.automata.strategies import STRINGS, pattern_lists

NOT_SLASH = NOT_NUL & ~mask_of(b"/")
ANY, COMPONENT = Star(NOT_NUL), Star(NOT_SLASH)


def _match(groups: list[Group], key: bytes) -> tuple[int, ...]:
    return tuple(sorted(group[local] for group, dfa in groups for local in dfa.match(key)))


@given(pattern_lists)
@settings(max_examples=60)
def test_agrees_with_one_table(numbered: list[Pattern]) -> None:
    whole = determinize(numbered)
    for growth, slack in ((4, 256), (0, 4)):
        groups = partition(numbered, growth=growth, slack=slack)
        assert sorted(n for group, _ in groups for n in group) == list(range(len(numbered)))
        for _, dfa in groups:
            assert verify(dfa) == []
        for text in STRINGS:
            assert _match(groups, text) == whole.match(text)


def test_literals_and_tails_share_one_table() -> None:
    patterns: list[Pattern] = [Literal(b"/usr/lib/%d" % number) for number in range(200)]
    patterns += [concat([Literal(b"/usr/%d/" % number), ANY]) for number in range(200)]
    assert len(partition(patterns)) == 1


def test_multiplying_patterns_stay_within_budget() -> None:
    patterns = [concat([ANY, Literal(b"x%02d" % number), ANY]) for number in range(40)]
    groups = partition(patterns)
    assert len(groups) <= 20
    for group, dfa in groups:
        positions = len(build_nfa([patterns[number] for number in group]).symbols)
        assert dfa.n_states <= 4 * positions + 256


def test_names_the_pattern_that_is_too_large() -> None:
    large = concat([Star(ALL), Literal(b"a"), *[Chars(ALL)] * 16])
    with pytest.raises(StateLimit) as caught:
        partition([Literal(b"/a"), large, Literal(b"/b")])
    assert caught.value.pattern == 1


def test_no_patterns() -> None:
    assert partition([]) == []


def test_a_group_has_no_more_patterns_than_can_be_stored() -> None:
    """Seventy thousand times the same rule: more than a stored accept set can hold."""
    groups = partition([Literal(b"/a")] * 70_000)
    assert max(len(group) for group, _ in groups) <= MAX_PATTERNS
    assert len(_match(groups, b"/a")) == 70_000
    for _, dfa in groups:
        assert encode_dfa(dfa)
