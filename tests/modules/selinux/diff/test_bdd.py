"""Decision diagrams: equal functions are one number."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsmc.modules.selinux.diff.bdd import FALSE, TRUE, Diagrams, TooComplex

NAMES = ("a", "b", "c")
#: A name, or an operator with its operands.
Formula = Any
FORMULAS: st.SearchStrategy[Formula] = st.recursive(
    st.sampled_from(NAMES),
    lambda part: st.one_of(
        st.tuples(st.just("not"), part),
        st.tuples(st.sampled_from(("and", "or", "xor")), part, part),
    ),
    max_leaves=8,
)


def build(diagrams: Diagrams, formula: Formula) -> int:
    if isinstance(formula, str):
        return diagrams.variable(formula)
    operator, *parts = formula
    built = [build(diagrams, part) for part in parts]
    if operator == "not":
        return diagrams.negated(built[0])
    join = {"and": diagrams.both, "or": diagrams.either, "xor": diagrams.differ}[operator]
    return join(*built)


def value(formula: Formula, values: Mapping[str, bool]) -> bool:
    if isinstance(formula, str):
        return values[formula]
    operator, *parts = formula
    found = [value(part, values) for part in parts]
    if operator == "not":
        return not found[0]
    return {"and": all(found), "or": any(found), "xor": found[0] != found[1]}[operator]


SETTINGS = [dict(zip(NAMES, row, strict=True)) for row in product((False, True), repeat=3)]


@given(FORMULAS, FORMULAS)
def test_equal_functions_are_one_number(one: Formula, other: Formula) -> None:
    diagrams = Diagrams()
    left, right = build(diagrams, one), build(diagrams, other)
    tables = [[value(formula, row) for row in SETTINGS] for formula in (one, other)]
    assert (left == right) == (tables[0] == tables[1])
    assert [diagrams.value(left, row.__getitem__) for row in SETTINGS] == tables[0]


@given(FORMULAS)
def test_an_example_makes_it_true(formula: Formula) -> None:
    diagrams = Diagrams()
    built = build(diagrams, formula)
    if built == FALSE:
        return
    example = diagrams.example(built)
    assert value(formula, {name: example.get(name, False) for name in NAMES})


def _pairs(diagrams: Diagrams, count: int) -> int:
    found = FALSE
    for number in range(count):
        one, other = (diagrams.variable(f"{side}{number:02}") for side in "ab")
        found = diagrams.either(found, diagrams.both(one, other))
    return found


def test_what_is_too_complex_is_refused() -> None:
    """The pairs of a long row of variables, in an order that no diagram takes well."""
    with pytest.raises(TooComplex):
        _pairs(Diagrams(), 40)


def test_words() -> None:
    diagrams = Diagrams()
    a, b = diagrams.variable("a"), diagrams.variable("b")
    assert diagrams.text(diagrams.both(a, diagrams.negated(b))) == "a and not b"
    assert diagrams.text(TRUE) == "always"
    assert diagrams.text(FALSE) == "never"
