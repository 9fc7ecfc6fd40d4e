"""Executions and programs that get another profile although no rule differs: in which direction."""

from __future__ import annotations

import pytest

import lsmc
from lsmc.analysis.change import Change

RUN = "profile run { %s }\n"


def changes(old: str, new: str) -> list[Change]:
    head = "abi <abi/4.0>,\n"
    policies = (lsmc.compile_text(head + text, base="profiles") for text in (old, new))
    return lsmc.diff(*policies)


def told(old: str, new: str) -> set[tuple[str, str, str]]:
    return {(one.profile, one.kind, one.direction) for one in changes(old, new)}


B = "profile b /b { /etc/hosts r, }\n"
C = "profile c /c { /etc/hosts r, }\n"


@pytest.mark.parametrize("rule", ["/b Px,", "/* Px,", "/b Px -> b,", "/[a-c]* px -> b,"])
def test_an_execution_that_was_refused_for_want_of_a_profile(rule: str) -> None:
    old, new = RUN % rule, RUN % rule + B
    assert told(old, new) == {("b", "added", "narrower"), ("run", "decision", "wider")}
    assert told(new, old) == {("b", "removed", "wider"), ("run", "decision", "narrower")}
    (change,) = [one for one in changes(old, new) if one.kind == "decision"]
    assert change.witness is not None
    assert change.permissions == ("x",)
    answers = [lsmc.compile_text(text).answer(change.witness) for text in (old, new)]
    assert [one.allowed for one in answers] == [False, True]
    assert change.rule is not None
    assert change.rule.text == rule
    assert ("x" in change.before.allow, "x" in change.after.allow) == (False, True)


def test_an_execution_falls_back_no_longer() -> None:
    assert told(RUN % "/b Pux,", RUN % "/b Pux," + B) == {("b", "added", "narrower")}
    old = RUN % "/b Pix, /srv/** r,"
    ways = {("run", "decision", "wider"), ("run", "decision", "narrower")}
    assert told(old, old + B) == {("b", "added", "narrower"), *ways}
    less = RUN % "/b Pix, /etc/* r,"
    assert told(less, less + B) - ways == {("b", "added", "narrower")}
    assert ("run", "decision", "wider") not in told(less, less + B)


def test_only_the_owner_or_all_but_the_owner() -> None:
    for rule, who in (("owner /b Px,", "owner"), ("/b Px, deny owner /b x,", "other")):
        found = [one for one in changes(RUN % rule, RUN % rule + B) if one.kind == "decision"]
        assert [one.who for one in found] == [who]


def test_a_child_that_comes() -> None:
    old = "profile run { /b Cx, }\n"
    new = "profile run { /b Cx, profile k /b { } }\n"
    assert ("run", "decision", "wider") in told(old, new)
    named = "profile run { /b Cx -> k, }\n"
    assert ("run", "decision", "wider") in told(named, "profile run { /b Cx -> k, profile k { } }")


def test_what_two_enforced_profiles_allow_is_compared() -> None:
    few = "profile few { /etc/hosts r, }\nprofile more { /etc/* r, }\n"
    assert told(few + RUN % "/b Px -> few,", few + RUN % "/b Px -> more,") == {
        ("run", "decision", "wider")
    }
    assert told(few + RUN % "/b Px -> more,", few + RUN % "/b Px -> few,") == {
        ("run", "decision", "narrower")
    }
    both = few + "profile else { /srv/a r, }\n"
    ways = {("run", "decision", "narrower"), ("run", "decision", "wider")}
    assert told(both + RUN % "/b Px -> few,", both + RUN % "/b Px -> else,") == ways
    same = few + "profile same { /etc/hosts r, }\n"
    assert told(same + RUN % "/b Px -> few,", same + RUN % "/b Px -> same,") == {
        ("run", "decision", "other")
    }


def test_profiles_that_lead_to_each_other_are_compared_together() -> None:
    ring = "profile %s { /x Px -> %s, /etc/hosts r, %s }\n"
    head = ring % ("a", "b", "") + ring % ("b", "a", "")
    alike = head + ring % ("c", "d", "") + ring % ("d", "c", "")
    more = head + ring % ("c", "d", "") + ring % ("d", "c", "/etc/shadow r,")
    lead = RUN % "/b Px -> %s,"
    assert told(alike + lead % "a", alike + lead % "c") == {("run", "decision", "other")}
    assert told(more + lead % "a", more + lead % "c") == {("run", "decision", "wider")}
    assert told(more + lead % "c", more + lead % "a") == {("run", "decision", "narrower")}


def test_a_stack_refuses_what_any_of_its_profiles_does() -> None:
    head = "profile few { /etc/hosts r, }\nprofile more { /etc/* r, }\n"
    lead = head + RUN % "/b Px -> %s,"
    assert told(lead % "more", lead % "few//&more") == {("run", "decision", "narrower")}
    assert told(lead % "few//&more", lead % "more") == {("run", "decision", "wider")}
    assert told(lead % "few", lead % "few//&more") == {("run", "decision", "other")}


@pytest.mark.parametrize(
    ("rules", "ways"),
    [
        ("/etc/hosts r,", {"other"}),
        ("/etc/* r,", {"other", "wider"}),
        ("", {"other", "narrower"}),
        ("/etc/shadow r,", {"other", "wider", "narrower"}),
    ],
)
def test_a_new_profile_takes_programs_of_an_enforced_one(rules: str, ways: set[str]) -> None:
    old = "profile all /bin/* { /etc/hosts r, }\n"
    found = changes(old, old + f"profile new /bin/tool {{ {rules} }}\n")
    assert {one.direction for one in found} == ways
    moved = [one for one in found if one.kind == "program"]
    assert {one.direction for one in moved} == ways - {"other"}
    for one in moved:
        assert (one.profile, one.before, one.after, one.what) == ("new", "all", "new", "/bin/tool")
        assert one.witness is not None
        assert one.witness["object"].startswith("/etc/")


def test_programs_go_to_another_profile_where_one_is_removed_or_attaches_elsewhere() -> None:
    old = "profile all /bin/* { /etc/* r, }\n"
    new = "profile one /bin/%s { /etc/hosts r, }\n"
    assert told(old + new % "tool", old) == {
        ("one", "removed", "other"),
        ("all", "program", "wider"),
    }
    assert told(old + new % "tool", old + new % "trap") == {
        ("one", "attachment", "other"),
        ("all", "program", "wider"),
        ("one", "program", "narrower"),
    }


def test_the_gate_tells_what_is_newly_allowed_under_another_profile() -> None:
    old = "profile all /bin/* { /etc/hosts r, }\n"
    found = changes(old, old + "profile new /bin/tool { /etc/{hosts,shadow} r, }\n")
    (wider,) = [one for one in found if one.direction == "wider"]
    assert wider.hazards == ("password-hashes",)
