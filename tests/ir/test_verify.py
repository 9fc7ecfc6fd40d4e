"""The IR as text, and its invariants: each that is broken is one fault."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lsmc.automata.pattern import NOT_NUL, Literal, Star
from lsmc.base.source import Source, Span
from lsmc.ir.model import (
    Attachment,
    Effect,
    MediationClass,
    Policy,
    Profile,
    Rule,
    Transition,
    Unit,
    Use,
)
from lsmc.ir.pprint import pprint
from lsmc.ir.verify import MAX_PRIORITY, verify

CLS = MediationClass("thing", 1, ("name", "peer"), ("read", "write"))
SOURCE = Source("/p", "head\nrule\n")
RULE = Rule(
    cls=CLS,
    fields=(Literal(b"a.b"), Star(NOT_NUL)),
    owner=3,
    other=1,
    effect=Effect.ALLOW,
    origin=Span(SOURCE, 5, 9),
)
PROFILE = Profile(name="p", origin=Span(SOURCE, 0, 4), mediated=frozenset({"thing"}))


def policy(*rules: Rule, **changes: Any) -> Policy:
    unit = Unit(rules)
    via = (Span(SOURCE, 5, 9),)
    return Policy("x", (replace(PROFILE, uses=(Use(unit), Use(unit, via)), **changes),))


def test_sound_policy_has_no_faults() -> None:
    assert verify(policy(RULE)) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"fields": (Literal(b"a"),)}, "1 fields, where class thing has 2"),
        ({"cls": CLS._replace(code=0)}, "class thing does not fit into a table"),
        ({"cls": CLS._replace(code=256)}, "class thing does not fit into a table"),
        ({"other": 4}, "it speaks of a permission that class thing does not have"),
        ({"priority": MAX_PRIORITY + 1}, "priority 65536 does not fit into a table"),
        ({"effect": Effect.DENY, "transition": Transition("stay")}, "a deny rule has a transition"),
    ],
)
def test_fault_of_a_rule(change: dict[str, Any], fault: str) -> None:
    """It is told once, although the unit is used twice."""
    assert verify(policy(RULE, replace(RULE, **change))) == [
        f"profile `p`, rule 1 of a unit: {fault}"
    ]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"name": ""}, "a profile has no name"),
        ({"is_hat": True}, "profile `p` is a hat without a parent"),
        ({"parent": "q"}, "profile `p` does not begin with its parent `q`"),
        ({"attachment": Attachment(())}, "profile `p` has an attachment without a pattern"),
    ],
)
def test_fault_of_a_profile(change: dict[str, Any], fault: str) -> None:
    assert verify(policy(RULE, **change)) == [fault]


def test_name_that_stands_twice() -> None:
    assert verify(Policy("x", (PROFILE, PROFILE))) == ["profile `p` stands 2 times"]


def test_policy_as_text() -> None:
    """Units are printed once; fields that may hold anything are left out."""
    changed = replace(
        RULE,
        owner=2,
        other=2,
        audit=True,
        priority=-1,
        exact=True,
        adds_log=True,
        transition=Transition("attach", "q", inherit=True, unsafe=True),
    )
    made = policy(
        RULE,
        changed,
        name="q//p",
        parent="q",
        is_hat=True,
        audit=True,
        attachment=Attachment((Literal(b"/x"),), (("user.a", Star(NOT_NUL)),)),
        settings=(("abi", "x"), ("attach_disconnected", "")),
        rlimits=(("nofile", 7), ("cpu", None)),
    )
    assert pprint(made).split("\n") == [
        "profile q//p enforce <- /p:1",
        "  hat of q",
        "  audit",
        "  attach /x",
        "  xattr user.a=.*",
        "  mediates thing",
        "  abi: x",
        "  attach_disconnected",
        "  rlimit nofile <= 7",
        "  rlimit cpu <= infinity",
        "  unit 1",
        r"    allow thing name=a\.b read owner:write <- /p:2",
        (
            r"    allow thing name=a\.b write priority=-1 audit exact adds_log"
            " -> attach q +inherit +unsafe <- /p:2"
        ),
        "  unit 1 < /p:2",
        "",
    ]
