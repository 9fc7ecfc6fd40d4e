"""Time grows no faster than the input, whatever is in it."""

from __future__ import annotations

import pytest

from tests.faults.amplifiers import AMPLIFIERS, Amplifier, is_linear, taken


@pytest.mark.parametrize("one", AMPLIFIERS, ids=lambda one: one.name)
def test_time_is_linear(one: Amplifier) -> None:
    """Four times the size; tried again before it is said that it is not, for the machine's sake."""
    taken(one, 1)  # what is made once
    for _ in range(3):
        if is_linear(taken(one, one.size), taken(one, 4 * one.size)):
            return
    pytest.fail(f"{one.name} takes more than its size")


def test_a_square_is_noticed() -> None:
    """Four times the input, sixteen times the time."""
    assert not is_linear((100, 0.5), (400, 8.0))
    assert is_linear((100, 0.5), (400, 2.0))
