"""What nobody may do: decided exactly, with a request that the policy answers with yes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lsmc
from lsmc.testing.load import read_tests
from lsmc.testing.model import TestFault
from lsmc.testing.run import run
from tests.testing.conftest import ABI, Run

HEAD = '[[never]]\nsubject = "app"\n'


def never(op: str, obj: str = "", more: str = "") -> str:
    return f'{HEAD}op = "{op}"\n' + (f'object = "{obj}"\n' if obj else "") + more


def app(rules: str, more: str = "", flags: str = "") -> str:
    return f"profile app /usr/bin/app {flags} {{ {rules} }}\n{more}"


@pytest.mark.parametrize(
    ("policy", "test", "example"),
    [
        (app("/etc/** r,"), never("read", "/etc/shadow"), "/etc/shadow"),
        (app("/etc/** r, deny /etc/shadow r,"), never("read", "/etc/shadow"), None),
        (app("/etc/** r, deny /etc/shadow r,"), never("read", "/etc/shado*"), "/etc/shado"),
        (app("/etc/** r, deny /etc/s* r,"), never("read", "/etc/s*"), None),
        (app("/etc/** r,"), never("write", "/**"), None),
        (app("/a w,"), never("rw", "/a"), None),
        (app("/a w, /[ab] r,"), never("rw", "/*"), "/a"),
        (app("owner /a w,"), never("write", "/a", "owner = false\n"), None),
        (app("owner /a w,"), never("write", "/a", "owner = true\n"), "/a"),
        (app("owner /a w,"), never("write", "/a"), "/a"),
        (app("/d/ w,"), never("mkdir", "/*/"), "/d/"),
        (app("/d{,/} w,"), never("create", "/**"), "/d"),
        (app("/a/ w,"), never("create", "/**"), None),
        (app("capability,"), never("capable", "sys_*"), "sys_boot"),
        (app("capability, deny capability sys_admin,"), never("capable", "sys_admin"), None),
        (app("capability chown,"), never("capable"), "chown"),
        (app("network inet,"), never("connect", "*"), "inet"),
        (app("unix type=stream,"), never("connect", "*"), "@"),
        (app("network inet stream,"), never("connect", "inet", 'type = "dgram"\n'), None),
        (app("signal send peer=x,"), never("signal_send", "x", 'signal = "kill"\n'), "x"),
        (app("signal send peer=y,"), never("signal_send", "[x]"), None),
        (app("signal send peer=x, signal send peer=y,"), never("signal_send", "x//&y"), "x//&y"),
        (app("ptrace read,"), never("ptrace_trace"), None),
        (app("/a rl -> /b, /b r,"), never("link", "/a"), "/a"),
        (app("link /a -> /b,"), never("link", "/a", 'target = "/c"\n'), None),
        (app("/a rwl, /b r,"), never("link", "/a", 'target = "/b"\nowner = true\n'), None),
        (app("/x/* px,"), never("exec", "/x/*"), None),
        (app("/x/* px,", "profile y /x/y { }"), never("exec", "/x/*"), "/x/y"),
        (app("/x/* pix,"), never("exec", "/x/*"), "/x/a"),
        (app("/x/* px -> none,"), never("exec", "/x/*"), None),
        (app("/x/* px -> none,", "profile y /x/* { }"), never("exec", "/x/*"), None),
        (app("/x/* px,", "profile y /x/* { } profile z /x/* { }"), never("exec", "/x/b"), None),
        (app("umount /a/,"), never("umount", "/**"), "/a/"),
        (app("userns,"), never("userns_create"), ""),
        (app("change_profile -> b*,"), never("change_profile", "{a,bc}"), "bc"),
        (app("mqueue (read) /q,"), never("mqueue_write", "/q"), None),
        (app("mqueue,"), never("mqueue_open", "/q"), "/q"),
        (app("mqueue type=sysv,"), never("mqueue_open", "/q"), None),
        (app("mqueue,"), never("mqueue_open", "[0-9]*", 'type = "sysv"\n'), "0"),
        (app("unix type=stream,"), never("connect", "", 'family = "unix"\n'), "@"),
    ],
)
def test_decided_for_all_objects(judged: Run, policy: str, test: str, example: str | None) -> None:
    file = judged(policy, test)
    (result,) = file.nevers
    if example is None:
        assert result.holds, result
        return
    (breach,) = result.breaches
    assert (breach.why, breach.subject) == ("rules", "app")
    assert breach.request["object"] == example
    assert file.policy.answer(breach.request).decision == "allow"


@pytest.mark.parametrize(
    ("flags", "rules", "whys"),
    [
        ("flags=(complain)", "", ["mode"]),
        ("flags=(complain)", "/a r,", ["rules"]),
        ("flags=(complain)", "deny /a r,", []),
        ("flags=(complain)", "audit deny /a r,", ["mode"]),
        ("flags=(complain, audit)", "deny /a r,", ["mode"]),
        ("flags=(unconfined)", "", ["unconfined"]),
        ("", "", []),
    ],
)
def test_what_lets_it_through(judged: Run, flags: str, rules: str, whys: list[str]) -> None:
    (result,) = judged(app(rules, flags=flags), never("read", "/a")).nevers
    assert [one.why for one in result.breaches] == whys
    for one in result.breaches:
        assert one.verdict.allowed


@pytest.mark.parametrize("op", ["rename", "exec"])
def test_what_complain_mode_lets_through_beside_a_silent_denial(judged: Run, op: str) -> None:
    policy = app("deny /a rx,", flags="flags=(complain)")
    (result,) = judged(policy, never(op, "/a")).nevers
    assert [one.why for one in result.breaches] == ["mode"]
    assert result.breaches[0].verdict.decision == "complain"


def test_a_class_that_the_abi_lacks(judged: Run) -> None:
    (result,) = judged(app(""), never("io_uring_sqpoll")).nevers
    assert [one.why for one in result.breaches] == ["unmediated"]


def test_subjects_and_exceptions(judged: Run) -> None:
    policy = app("/a r,", "profile b { /a r, } profile c { }")
    tests = '[[never]]\nsubject = "*"\nop = "read"\nobject = "/a"\n'
    (all_,) = judged(policy, tests).nevers
    assert ([one.subject for one in all_.breaches], all_.subjects) == (["app", "b"], 3)
    (some,) = judged(policy, tests + 'except = ["a*", "c"]\n').nevers
    assert ([one.subject for one in some.breaches], some.subjects) == (["b"], 1)


@pytest.mark.parametrize(
    ("test", "told"),
    [
        (never("raed"), "4:6 unknown operation `raed`"),
        (never("read", "/a", 'except = ["b"]\n'), "6:11 unknown subject `b`"),
        (HEAD.replace("app", "ap*") + 'op = "read"', ""),
        (HEAD.replace("app", "b*") + 'op = "read"', "3:11 unknown subject `b*`"),
        (never("capable", "sys_admn"), "5:10 `sys_admn` is not a capability"),
        (never("mkdir", "/*"), "5:10 no kernel asks about anything that `/*` matches"),
        (never("capable", "x*"), "5:10 no kernel asks about anything that `x*` matches"),
        (never("read", "etc"), "5:10 `etc` is not an absolute path"),
        (never("read", "/[a"), "5:10 `/[a` is not a glob"),
        (never("read", "@{HOME}/a"), "5:10 `@{HOME}/a` has a variable"),
        (never("read", "/a", 'tpye = "x"\n'), "6:1 `tpye` is not a field"),
        (never("change_hat", "x"), "4:6 no rule is asked about `change_hat`"),
        (never("getattr", "/a"), "4:6 no rule is asked about `getattr`"),
        (never("userns_create", "x"), "5:10 the class userns has no object"),
        (never("connect", "@x*"), "5:10 `@x*` may be the address of either side"),
    ],
)
def test_names_are_checked(judged: Run, test: str, told: str) -> None:
    if not told:
        judged(app(""), test)
        return
    with pytest.raises(TestFault) as fault:
        judged(app(""), test)
    (one,) = fault.value.faults
    place = one.span.location()
    assert f"{place.line}:{place.column} {one.message}".startswith(told)


PARTS = st.sampled_from(("a", "b", "*", "**", "{a,bc}", "[ab]", "?"))
GLOBS = st.lists(PARTS, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))
RULES = st.lists(
    st.tuples(st.sampled_from(("", "deny ", "owner ", "priority=1 ")), GLOBS).map(
        lambda pair: f"{pair[0]}{pair[1]} r,"
    ),
    max_size=4,
)
PATHS = ["/" + "/".join(some) for some in (("a",), ("b",), ("bc",), ("a", "a"), ("a", "b", "bc"))]


@settings(max_examples=60, deadline=None)
@given(RULES, GLOBS)
def test_no_object_is_missed(rules: list[str], glob: str) -> None:
    """An object of the glob that the policy allows is one that the search finds, or another."""
    policy = lsmc.compile_text(app("\n".join(rules)), name="p", features=ABI, target="6.0")
    text = f'policy = "p"\n{never("read", glob)}'
    (result,) = run(read_tests("t", text.encode()), policy)[1].nevers
    inside = lsmc.compile_text(app(f"{glob} r,"), name="q", features=ABI)
    allowed = [
        path
        for path in PATHS
        if inside.query("app", "read", path) and policy.query("app", "read", path)
    ]
    if result.holds:
        assert allowed == []
    else:
        request = result.breaches[0].request
        assert policy.answer(request).allowed
        assert inside.answer(request).allowed
