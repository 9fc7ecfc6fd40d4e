"""The exact difference of two policies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lsmc.analysis import pattern_walks
from lsmc.analysis.change import Change
from lsmc.api import compile_text, diff
from lsmc.engine.profiles import ProfileTables
from lsmc.output.difference import difference_lines
from lsmc.output.styled import plain
from lsmc.policy import Policy


def policy(body: str, head: str = "profile p /usr/bin/p") -> Policy:
    """One profile with a body."""
    return compile_text(f"{head} {{\n{body}\n}}\n", base="/nonexistent")


SAME = (
    ("/a r, /b r,", "/b r, /a r,"),
    ("/a rw,", "/a r, /a w,"),
    ("/[ab] r,", "/{a,b} r,"),
    ("/a r, /a* r,", "/a* r,"),
    ("deny /a w, /a rw,", "deny /a w, /a r,"),
    ("/a ix,", "/a mix,"),
    ("priority=3 /a r, deny /a r,", "/a r, deny /b r, priority=2 deny /b r,"),
    ("audit deny /a r,", ""),
    ("capability kill, capability chown,", "capability chown kill,"),
    ("network inet, network inet stream,", "network inet,"),
    ("signal send, signal receive,", "signal,"),
)
DIFFERENT = (
    ("/a r,", "/a rw,", "file", "/a"),
    ("/a* r,", "/a r,", "file", "/aa"),
    ("/a r,", "owner /a r,", "file", "/a"),
    ("/a r,", "audit /a r,", "file", "/a"),
    ("", "deny /a r,", "file", "/a"),
    ("/a px,", "/a Px,", "file", "/a"),
    ("capability kill,", "", "capability", "kill"),
    ("ptrace read,", "ptrace read peer=q,", "ptrace", "a"),
)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_policies_that_decide_alike_have_no_difference(one: str, other: str) -> None:
    """Spelling, order and rules without effect make no difference."""
    if one.startswith("priority=3"):
        other = "priority=3 /a r,"
    assert diff(policy(one), policy(other)) == []


@pytest.mark.parametrize(("one", "other", "cls", "example"), DIFFERENT)
def test_a_difference_has_a_shortest_witness(one: str, other: str, cls: str, example: str) -> None:
    """The witness is an object on which the two policies answer differently."""
    old, new = policy(one), policy(other)
    (change,) = diff(old, new)
    assert (change.kind, change.cls) == ("decision", cls)
    assert change.witness is not None
    assert change.witness["object"] == example
    assert _answers(old, change) != _answers(new, change)


def _answers(side: Policy, change: Change) -> object:
    """All that a policy says of a change's witness."""
    assert change.witness is not None
    rest = {k: v for k, v in change.witness.items() if k not in ("subject", "class", "perms")}
    found = side.permissions("p", change.cls, **rest)
    return found._replace(deny=frozenset(), rules={})


def test_profiles_come_and_go() -> None:
    """A profile that only one policy has is one change."""
    old = compile_text("profile a { }\nprofile b { }\n")
    new = compile_text("profile b { }\nprofile c { }\n")
    assert [(c.profile, c.kind) for c in diff(old, new)] == [("a", "removed"), ("c", "added")]


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        ("profile p", "profile p flags=(complain)", "mode"),
        ("profile p", "profile p flags=(audit)", "audit"),
        ("profile p", "profile p flags=(attach_disconnected)", "attach_disconnected"),
    ],
)
def test_settings_are_compared(one: str, other: str, what: str) -> None:
    """What a profile's head says is part of the policy."""
    (change,) = diff(policy("/a r,", one), policy("/a r,", other))
    assert (change.kind, change.what) == ("setting", what)


def test_limits_are_compared() -> None:
    """A resource limit is part of the policy."""
    (change,) = diff(policy("set rlimit nofile <= 10,"), policy("set rlimit nofile <= 11,"))
    assert (change.what, change.before, change.after) == ("rlimit nofile", "10", "11")


def test_attachments_are_compared_as_languages() -> None:
    """Two spellings of one attachment are equal; a wider one is not."""
    one = policy("", "profile p /usr/bin/{a,b}")
    assert diff(one, policy("", "profile p /usr/bin/[ab]")) == []
    (change,) = diff(one, policy("", "profile p /usr/bin/[abc]"))
    assert change.kind == "attachment"
    assert change.witness == {"object": "/usr/bin/c"}


def test_a_change_is_told_of_the_rule_that_matches_there() -> None:
    """A path that is written with a slash now: one object is gained, one is lost."""
    changes = diff(policy("/a/b r, /a/b/** r,"), policy("/a/b/ r, /a/b/** r,"))
    told = {(c.rule.text, c.witness["object"]) for c in changes if c.rule and c.witness}
    assert told == {("/a/b/ r,", "/a/b/"), ("/a/b r,", "/a/b")}


def test_another_way_to_execute_is_told_beside_what_else_changes() -> None:
    lines = plain(difference_lines(diff(policy("/x ix, /* pux,"), policy("/* pux,"))))
    assert "may no longer map as executable: /x ix," in lines
    assert "execution changes from ix to pux: /x ix," in lines


@pytest.mark.parametrize(
    ("one", "other", "cls", "asked"),
    [
        # the first label of the rule, `a//&a`, is answered alike: its components allow it
        (
            "signal send peer=a,",
            "signal send peer=a, signal send peer=a//&?,",
            "signal",
            {"object": "a//&b"},
        ),
        # the first target, `/b`, fails the test of a subset; what has the rights of `/a` does not
        (
            "/a r, /zz r,",
            "/a r, /zz r, link subset /a -> /[b-z]*,",
            "link",
            {"object": "/a", "target": "/zz"},
        ),
        # the first target, `q`, may not be changed to
        (
            "deny change_profile -> q,",
            "deny change_profile -> q, change_profile /x -> [qr],",
            "onexec",
            {"object": "r", "exec": "/x"},
        ),
    ],
)
def test_what_an_operation_looks_up_besides_hides_no_change(
    one: str, other: str, cls: str, asked: dict[str, str]
) -> None:
    witnesses = [change.witness for change in diff(policy(one), policy(other)) if change.cls == cls]
    assert any(witness and witness.items() >= asked.items() for witness in witnesses), witnesses


def test_no_change_hides_behind_another_of_the_rule() -> None:
    old, new = policy("owner /var/foo/** rw,"), policy("/var/foo/** rwk,")
    told = {(c.who, c.permissions) for c in diff(old, new)}
    assert told == {("all", ("k",)), ("other", ("r", "w", "a"))}
    lines = plain(difference_lines(diff(old, new)))
    assert "now may lock (was denied): /var/foo/** rwk," in lines
    assert "now may read, write, append to (was denied): /var/foo/** rwk," in lines
    assert "example: /var/foo/a (not the owner)" in lines
    assert {(c.who, c.permissions) for c in diff(new, old)} == told


def test_a_witness_asks_for_what_differs_only() -> None:
    (change,) = diff(policy("/k rw,"), policy("/k rw, audit /k r,"))
    assert change.witness is not None
    assert change.witness["perms"] == ["r"]
    for rules in ("signal,", "capability,", "unix,", "network,"):
        for change in diff(policy(""), policy(rules)):
            witness = dict(change.witness or {})
            assert not policy("").answer(witness).allowed
            assert policy(rules).answer(witness).allowed


def test_the_flag_for_auditing_is_told_once() -> None:
    """With it every rule is logged, so that `audit` before one of them changes nothing."""
    flagged = "profile p flags=(audit)"
    assert diff(policy("/a r,", flagged), policy("audit /a r,", flagged)) == []
    (change,) = diff(policy("/a r,", flagged), policy("audit /a r,", "profile p"))
    assert change.what == "audit"


@pytest.mark.parametrize(
    ("one", "other", "example", "before", "after"),
    [
        # no kernel asks about a mount point that is not absolute
        ("deny mount /a -> b,", "audit deny mount /a -> b,", "b", {"quiet": ("mount",)}, {}),
        # the profile is not there, but what a rule names counts
        ("/y px -> x,", "/y px -> z,", "/y", {"exec": "px -> x"}, {"exec": "px -> z"}),
        ("/f* Pix -> b, /f Pix,", "/f* Pix -> b,", "/f", {"exec": "Pix"}, {"exec": "Pix -> b"}),
        ("/f px,", "audit /f px,", "/f", {"audit": ()}, {"audit": ("x",)}),
        # the name alone is refused, whatever is said of the pair
        ("deny link /a -> /b,", "audit deny link /a -> /b,", "/a", {"quiet": ("link",)}, {}),
        # its components are granted alike
        ("signal peer={a,b},", "signal peer={a,b,a//&b},", "a//&b", {"allow": ()}, {}),
        ("link /a -> /b,", "link subset /a -> /b,", "/a", {}, {}),
    ],
)
def test_what_no_answer_shows_is_told_as_such(
    one: str, other: str, example: str, before: dict[str, object], after: dict[str, object]
) -> None:
    old, new = policy(one), policy(other)
    for first, second, sides in ((old, new, (before, after)), (new, old, (after, before))):
        (change,) = diff(first, second)
        assert (change.kind, change.shows) == ("decision", False)
        assert change.witness is not None
        assert change.witness["object"] == example
        for side, expected in zip((change.before, change.after), sides, strict=True):
            assert {name: getattr(side, name) for name in expected} == expected
        assert "only the rules differ" in plain(difference_lines([change]))


def test_an_object_that_a_kernel_asks_about_is_the_example() -> None:
    (change,) = diff(policy(""), policy("deny mount /a -> {b,/longer},"))
    assert change.shows
    assert change.witness is not None
    assert change.witness["object"] == "/longer"


def test_a_change_of_what_is_asked_of_the_user_is_told_of_every_class() -> None:
    for rule in ("prompt /a r,", "prompt signal peer=a,", "prompt ptrace peer=a,"):
        for head in ("profile p", "profile p flags=(complain)"):
            (change,) = diff(policy("", head), policy(rule, head))
            assert change.after.prompt
            assert change.shows is ("complain" not in head)


def test_what_rules_of_both_sides_cover_is_not_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither one rule nor two together leave room for a change, so the profile is not searched."""
    monkeypatch.setattr(pattern_walks, "walk", _no_walk)
    for known in ("/h/** r,", "/h/* r, /h/*/{,**} rw,"):
        assert diff(policy(known), policy(f"{known} owner /h/** r,")) == []


@pytest.mark.parametrize(
    ("known", "added", "who", "example"),
    [
        ("owner /h/** r,", "/h/** r,", "other", "/h/a"),
        ("/h/* r, /h/*/{,?*} r,", "/h/** r,", "all", "/h/a/a/"),
        ("/h/** r, deny /h/b r,", "priority=1 /h/** r,", "all", "/h/b"),
        ("/h/** r,", "deny /h/*/b r,", "all", "/h/a/b"),
    ],
)
def test_a_cover_with_a_gap_hides_nothing(known: str, added: str, who: str, example: str) -> None:
    (change,) = diff(policy(known), policy(f"{known} {added}"))
    assert change.witness is not None
    assert (change.who, change.witness["object"]) == (who, example)


def _no_walk(*_: object, **__: object) -> Iterator[bytes]:
    raise AssertionError("walked")


def test_profiles_with_the_same_rules_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the order of the rules; a change of the head is told all the same."""
    old = policy("/a r, /b* w, signal,")
    new = policy("signal, /b* w, /a r,", "profile p /usr/bin/p flags=(complain)")
    monkeypatch.setattr(ProfileTables, "matcher", _no_walk)
    (change,) = diff(old, new)
    assert change.what == "mode"
