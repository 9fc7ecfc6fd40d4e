"""What editors set."""

from __future__ import annotations

import pytest

from lsmc.server.settings import Settings, read_settings


def test_settings_are_the_options_of_lint() -> None:
    given = {"base": "/x", "extendSelect": ["LSM5"], "minConfidence": "high", "ignore": []}
    found, faults = read_settings(given)
    assert found == Settings(base="/x", extend_select=("LSM5",), min_confidence="high")
    assert not faults


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"bass": "/x"}, "no setting `bass`"),
        ({"select": "LSM1"}, "`select` is no list of texts"),
        ({"select": [1]}, "`select` is no list of texts"),
        ({"base": 4}, "`base` is no text"),
        ([], "the settings are no object"),
    ],
)
def test_what_is_wrong_is_told_and_left_out(given: object, fault: str) -> None:
    found, faults = read_settings(given)
    assert found == Settings()
    assert [one[: len(fault)] for one in faults] == [fault]
