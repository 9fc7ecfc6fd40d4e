"""Whether a change gives more or less, and what is at stake when it gives more."""

from __future__ import annotations

import pytest

import lsmc
from lsmc.explain.hazards import HAZARDS
from lsmc.modules.apparmor.analysis.hazards import hazards
from lsmc.modules.apparmor.analysis.stakes import EXAMPLES

BASE = "profile q /usr/bin/q { }\n"


def directions(old: str, new: str) -> list[tuple[str, str, str]]:
    """The kind, what it is of, and the direction of each change."""
    changes = lsmc.diff(lsmc.compile_text(BASE + old), lsmc.compile_text(BASE + new))
    return [(c.kind, c.what or c.cls, c.direction) for c in changes]


def p(rules: str, head: str = "profile p /usr/bin/p") -> str:
    return f"{head} {{ {rules} }}\n"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (p("/a r,"), p("/a rw,"), [("decision", "file", "wider")]),
        (p("deny /a w, /a rw,"), p("/a rw,"), [("decision", "file", "wider")]),
        (p("/a r,"), p("audit /a r,"), [("decision", "file", "other")]),
        (p("/a px,"), p("/a ux,"), [("decision", "file", "wider")]),
        (p("/a Px,"), p("/a px,"), [("decision", "file", "wider")]),
        (p("/a Px,"), p("/a Pux,"), [("decision", "file", "wider")]),
        (p("/a Px -> p,"), p("/a Px -> q,"), [("decision", "file", "narrower")]),
        (p("/a r,"), p("prompt /a r,"), [("decision", "file", "narrower")]),
        (p("set rlimit nofile <= 10,"), p("set rlimit nofile <= 11,"), "wider"),
        (p("set rlimit nofile <= 10,"), p(""), "wider"),
        (p("set rlimit nice <= 5,"), p("set rlimit nice <= 4,"), "narrower"),
        (p(""), p("", "profile p /usr/bin/p flags=(complain)"), "wider"),
        (p(""), p("", "profile p /usr/bin/p flags=(attach_disconnected)"), "wider"),
        (p(""), p("", "profile p /usr/bin/p flags=(audit)"), "other"),
        (p(""), p("", "profile p /usr/bin/[pr]"), "narrower"),
        (p(""), "", "wider"),
    ],
)
def test_direction(old: str, new: str, told: list[tuple[str, str, str]] | str) -> None:
    turned = {"wider": "narrower", "narrower": "wider", "other": "other"}
    for one, other, flip in ((old, new, False), (new, old, True)):
        found = directions(one, other)
        if isinstance(told, str):
            assert [way for _, _, way in found] == [turned[told] if flip else told]
        else:
            assert found == [(*rest, turned[way] if flip else way) for *rest, way in told]


FREE = "profile free flags=(unconfined) { }\nprofile learns flags=(complain) { }\n"


@pytest.mark.parametrize(
    ("old", "new", "way"),
    [
        (p("/a Px -> q,"), p("/a Px -> free,"), "wider"),
        (p("/a px -> q,"), p("/a Px -> learns,"), "wider"),
        (p("/a Px -> learns,"), p("/a Px -> free,"), "other"),
        (p("/a Px -> nobody,"), p("/a Px -> q,"), "wider"),
        (p("/a Px -> nobody,"), p("/a Px -> none,"), "other"),
        (p("/a ix,"), p("/a ix -> &free,"), "other"),
    ],
)
def test_what_an_execution_leads_to_is_compared_by_mode(old: str, new: str, way: str) -> None:
    turned = {"wider": "narrower", "narrower": "wider", "other": "other"}
    assert [d for _, _, d in directions(FREE + old, FREE + new)] == [way]
    assert [d for _, _, d in directions(FREE + new, FREE + old)] == [turned[way]]


def test_an_execution_by_path_may_lead_elsewhere_than_at_the_example() -> None:
    assert directions(p("/a* Px,"), p("/a* Px -> q,")) == [("decision", "file", "wider")]
    assert directions(p("/a* Px -> q,"), p("/a* Px,")) == [("decision", "file", "narrower")]


def test_a_renamed_profile_is_asked_by_its_former_name() -> None:
    old = FREE + p("/a Px -> q,", "profile one /usr/bin/p")
    new = FREE + p("/a Px -> free,", "profile two /usr/bin/p")
    assert [way for _, _, way in directions(old, new)] == ["other", "wider"]


@pytest.mark.parametrize(
    ("head", "way", "example"),
    [
        ("profile new /usr/bin/other", "narrower", None),
        ("profile new /usr/bin/other flags=(complain)", "other", None),
        ("profile new /usr/bin/{other,q} flags=(unconfined)", "wider", "/usr/bin/q"),
        ("profile new /usr/*/q* flags=(unconfined)", "other", None),
        ("profile new /usr/bin/pp* flags=(complain)", "wider", "/usr/bin/pp"),
        ("profile new /usr/bin/pp*", "other", None),
        ("profile new /usr/bin/q", "wider", "/usr/bin/q"),
        ("profile new", "narrower", None),
    ],
)
def test_a_new_profile_that_takes_programs_from_another(
    head: str, way: str, example: str | None
) -> None:
    held = BASE + p("", "profile p /usr/bin/p*")
    changes = lsmc.diff(lsmc.compile_text(held), lsmc.compile_text(held + p("", head)))
    assert [(c.kind, c.direction) for c in changes] == [("added", way)]
    assert changes[0].witness == (example and {"object": example})
    assert changes[0].hazards == (("leaves-confinement",) if way == "wider" else ())


def test_a_rule_that_gives_and_takes_is_two_changes() -> None:
    assert directions(p("/a rw,"), p("/a rk,")) == [
        ("decision", "file", "narrower"),
        ("decision", "file", "wider"),
    ]


def test_an_attachment_that_moves_is_two_changes() -> None:
    found = directions(p(""), p("", "profile p /usr/bin/r"))
    assert [(kind, way) for kind, _, way in found] == [
        ("attachment", "wider"),
        ("attachment", "narrower"),
    ]


def test_a_renamed_profile_is_followed_with_its_children() -> None:
    old = p("/a r, profile c { /b r, } ^h { /c r, }")
    new = p("/a rw, profile c { /b r, /d r, } ^h { /c r, }", "profile other /usr/bin/p")
    changes = lsmc.diff(lsmc.compile_text(old), lsmc.compile_text(new))
    told = [(c.profile, c.kind, c.direction) for c in changes]
    assert told == [
        ("other", "renamed", "other"),
        ("other", "decision", "wider"),
        ("other//c", "renamed", "other"),
        ("other//c", "decision", "wider"),
        ("other//h", "renamed", "other"),
    ]
    assert changes[0].before == "p"
    assert changes[1].witness is not None
    assert changes[1].witness["subject"] == "other"


def test_profiles_that_attach_alike_twice_are_not_taken_for_one() -> None:
    old = p("/a r,", "profile one /usr/bin/p") + p("/a r,", "profile two /usr/bin/p")
    found = directions(old, p("/a r,", "profile three /usr/bin/p"))
    assert [kind for kind, _, _ in found] == ["removed", "added", "removed"]


@pytest.mark.parametrize(
    ("new", "found"),
    [
        ("/etc/** r,", {"password-hashes", "private-keys"}),
        ("/srv/** r,", set()),
        ("/usr/{,local/}bin/* w,", {"programs"}),
        ("owner @{HOME}/** w,", {"start-up-files"}),
        ("capability sys_admin,", {"capability"}),
        ("/usr/bin/sudo Ux,", {"leaves-confinement"}),
        ("deny /etc/shadow r,", set()),
    ],
)
def test_what_is_at_stake(new: str, found: set[str]) -> None:
    head = "@{HOME}=/home/* /root\n"
    sides = (p("/usr/bin/sudo Px,"), p(f"/usr/bin/sudo Px, {new}"))
    if "sudo" in new:
        sides = (sides[0], p(new))
    old, changed = (lsmc.compile_text(head + side) for side in sides)
    assert {word for change in lsmc.diff(old, changed) for word in change.hazards} == found


def test_each_example_is_a_hazard() -> None:
    for permissions, paths in EXAMPLES:
        for path in paths:
            words = {
                w for one in permissions for w in hazards("file", {"path": path.encode()}, one)
            }
            assert words, path
            assert words <= set(HAZARDS)
