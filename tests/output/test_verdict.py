"""A verdict for people."""

from __future__ import annotations

from lsmc.engine.verdict import RuleRef, Verdict
from lsmc.output.styled import plain
from lsmc.output.verdict import verdict_lines


def test_of_a_rule_in_many_places_only_the_first_are_told() -> None:
    rules = tuple(RuleRef("a", "f", number, 1, "(x)", ()) for number in range(1, 9))
    other = RuleRef("a", "f", 9, 1, "(y)", ())
    found = plain(
        list(verdict_lines(Verdict.allow(("r",), rules=(*rules, other)), ("a", "r", "o", {})))
    )
    assert found.splitlines() == [
        "allowed: a r o",
        "  f:1:1: (x)",
        "  f:2:1: (x)",
        "  f:3:1: (x)",
        "  and in 5 more places: (x)",
        "  f:9:1: (y)",
    ]
