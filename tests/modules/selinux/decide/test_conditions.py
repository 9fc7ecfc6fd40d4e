"""Expressions over booleans."""

from __future__ import annotations

import pytest

from lsmc.modules.selinux.decide.conditions import BOOLEAN, Operator, booleans, holds

A, B = BOOLEAN, BOOLEAN + 1


@pytest.mark.parametrize(
    ("operator", "table"),
    [
        (Operator.AND, (0, 0, 0, 1)),
        (Operator.OR, (0, 1, 1, 1)),
        (Operator.XOR, (0, 1, 1, 0)),
        (Operator.EQ, (1, 0, 0, 1)),
        (Operator.NEQ, (0, 1, 1, 0)),
    ],
)
def test_each_operator_has_its_table(operator: Operator, table: tuple[int, ...]) -> None:
    rows = [(False, False), (False, True), (True, False), (True, True)]
    assert tuple(holds([A, B, operator], row) for row in rows) == table
    assert tuple(holds([A, B, operator, Operator.NOT], row) for row in rows) == tuple(
        1 - value for value in table
    )


@pytest.mark.parametrize("bad", [[], [A, B], [Operator.NOT], [A, Operator.AND], [BOOLEAN + 9], [9]])
def test_other_words_are_no_expression(bad: list[int]) -> None:
    with pytest.raises(ValueError, match=r"expression|Operator"):
        holds(bad, (True, False))


def test_the_booleans_of_an_expression() -> None:
    assert list(booleans([A, B, Operator.AND, A, Operator.OR])) == [0, 1, 0]
