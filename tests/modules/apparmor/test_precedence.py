"""The precedence of rules as a table of cases; `test_ranks` has the laws behind it."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from lsmc.policy import Policy
from tests.strategies import compile_policy


class Case(NamedTuple):
    """Rules, a path, and what follows for it: letters of each kind and the exec mode."""

    rules: str
    path: str
    allow: str = ""
    deny: str = ""
    audit: str = ""
    quiet: str = ""
    mode: str = ""
    owner: bool = True
    prompt: str = ""


FILES = (
    # what a letter stands for
    Case("/a r,", "/a", "r"),
    Case("/a r,", "/b"),
    Case("/a w,", "/a", "wa"),
    Case("/a a,", "/a", "a"),
    Case("/a rwkml,", "/a", "rwakml"),
    Case("file,", "/any/path", "rwakmlx", mode="ix"),
    # rules of the same rank add up
    Case("/a r, /a w,", "/a", "rwa"),
    Case("/a r, /* w, /{a,b} k,", "/a", "rwak"),
    Case("/a a, /a w,", "/a", "wa"),
    # deny over allow, bit by bit
    Case("/a rw, deny /a w,", "/a", "r", "wa", quiet="wa"),
    Case("/a rw, deny /a a,", "/a", "rw", "a", quiet="a"),
    Case("/a r, deny /* w,", "/a", "r", "wa", quiet="wa"),
    Case("deny /a r,", "/a", "", "r", quiet="r"),
    Case("allow /a r, deny /a r,", "/a", "", "r", quiet="r"),
    # a literal path is no stronger than a glob, but for x
    Case("/secret r, deny /s* r,", "/secret", "", "r", quiet="r"),
    # priority beats everything, in both directions
    Case("/a r, deny /a r, priority=1 /a r,", "/a", "r"),
    Case("priority=1 deny /a r, /a rw,", "/a", "wa", "r", quiet="r"),
    Case("priority=-1 deny /a rw, /a r,", "/a", "r", "wa", quiet="wa"),
    Case("priority=2 /a r, priority=1 deny /a rw,", "/a", "r", "wa", quiet="wa"),
    Case("priority=-1000 /a r, /a w,", "/a", "rwa"),
    # audit and quiet
    Case("audit /a r,", "/a", "r", audit="r"),
    Case("audit /a* r, /a r,", "/a", "r", audit="r"),
    Case("audit /a r, priority=1 /a r,", "/a", "r"),
    Case("/a r, audit /a w,", "/a", "rwa", audit="wa"),
    Case("audit deny /a r,", "/a", "", "r"),
    Case("deny /a r, audit deny /a r,", "/a", "", "r", quiet="r"),
    Case("deny /a r, priority=1 audit deny /a r,", "/a", "", "r"),
    Case("audit /a r, deny /a r,", "/a", "", "r", quiet="r"),
    # owner and other
    Case("owner /a r,", "/a", "r"),
    Case("owner /a r,", "/a", "", owner=False),
    Case("other /a r,", "/a", ""),
    Case("other /a r,", "/a", "r", owner=False),
    Case("owner /a w, /a r,", "/a", "r", owner=False),
    Case("owner /a w, /a r,", "/a", "rwa"),
    Case("/a r, deny owner /a r,", "/a", "", "r", quiet="r"),
    Case("/a r, deny owner /a r,", "/a", "r", owner=False),
    Case("/a r, priority=1 deny other /a r,", "/a", "r"),
    # execution: a literal path beats a glob
    Case("/a ix,", "/a", "xm", mode="ix"),
    Case("/a px,", "/a", "x", mode="px"),
    Case("/a* px, /ab ix,", "/ab", "xm", mode="ix"),
    Case("/a* px, /ab ix,", "/ac", "x", mode="px"),
    Case("/a* ix, /ab px,", "/ab", "x", mode="px"),
    Case("/a* ux, /{ab,ac} Px,", "/ac", "x", mode="Px"),
    Case("/[ab] ix, /* px,", "/a", "xm", mode="ix"),
    Case("/[^b] ix, priority=1 /* px,", "/a", "x", mode="px"),
    Case("priority=1 /a* px, /ab ix,", "/ab", "x", mode="px"),
    Case("/a* px, deny /ab x,", "/ab", "", "x", quiet="x"),
    Case("/ab ix, deny /a* x,", "/ab", "", "x", quiet="x"),
    Case("/ab ix, deny /a* x, priority=1 /abc px,", "/abc", "x", mode="px"),
    Case("/a px, priority=1 /a ix,", "/a", "xm", mode="ix"),
    Case("owner /a px, other /a ix,", "/a", "x", mode="px"),
    Case("owner /a px, other /a ix,", "/a", "xm", mode="ix", owner=False),
    Case("audit /a* ix, /ab ix,", "/ab", "xm", mode="ix"),
    Case("/a* ix, audit /ab ix,", "/ab", "xm", audit="x", mode="ix"),
    # what ix brings along
    Case("/a ix, deny /a m,", "/a", "x", "m", quiet="m", mode="ix"),
    Case("/a ix, priority=-1 deny /a m,", "/a", "x", "m", quiet="m", mode="ix"),
    Case("priority=1 /a ix, deny /a m,", "/a", "x", "m", quiet="m", mode="ix"),
    Case("/a ix, deny /a k,", "/a", "xm", "k", quiet="k", mode="ix"),
    Case("/a ix, audit /a m,", "/a", "xm", audit="m", mode="ix"),
    Case("/a pix,", "/a", "xm", mode="pix"),
    Case("/a pux,", "/a", "x", mode="pux"),
    Case("audit /a ix,", "/a", "xm", audit="x", mode="ix"),
    Case("/a ix, deny /a x,", "/a", "", "x", quiet="x"),
    # prompt is weaker than allow and deny
    Case("prompt /a r,", "/a", "", prompt="r"),
    Case("prompt /a rw, /a r,", "/a", "r", prompt="wa"),
    Case("prompt /a r, deny /a r,", "/a", "", "r", quiet="r"),
    Case("priority=1 prompt /a r, /a rw,", "/a", "wa", prompt="r"),
    Case("prompt /a* px, /ab ix,", "/ab", "xm", mode="ix"),
    # rules of blocks
    Case("deny { /a r, }", "/a", "", "r", quiet="r"),
    Case("audit { owner { /a r, } }", "/a", "r", audit="r"),
    Case("owner { other /a r, }", "/a"),
)


@pytest.mark.parametrize("case", FILES, ids=[f"{c.rules} {c.path} {c.owner}" for c in FILES])
def test_precedence_of_file_rules(case: Case) -> None:
    """Which rule wins for each permission of a path."""
    policy = compile_policy(f"profile p {{ {case.rules} }}")
    found = policy.permissions("p", "file", case.path, owner=case.owner)
    assert (found.allow, found.deny, found.audit, found.quiet, found.prompt) == tuple(
        frozenset(letters)
        for letters in (case.allow, case.deny, case.audit, case.quiet, case.prompt)
    )
    assert (found.exec.mode if found.exec else "") == case.mode


def policy(rules: str) -> Policy:
    """A policy with one profile and a few to go to."""
    return compile_policy(
        f"profile p {{ {rules} profile kid /a {{ }} }} profile q /a {{ }} profile s {{ }}"
    )


EXECUTIONS = (
    ("/a ix,", "p", None, False),
    ("/a ux,", "unconfined", None, True),
    ("/a Ux,", "unconfined", None, False),
    ("/a px,", "q", None, True),
    ("/a Px,", "q", None, False),
    ("unsafe /a Px,", "q", None, True),
    ("safe /a px,", "q", None, False),
    ("/a cx,", "p//kid", None, True),
    ("/a cx -> kid,", "p//kid", None, True),
    ("/a cx -> none,", None, None, True),
    ("/a Cix -> none,", "p", "inherit", False),
    ("/a cux -> none,", "unconfined", "unconfined", True),
    ("/a px -> s,", "s", None, True),
    ("/a px -> p//kid,", "p//kid", None, True),
    ("/a px -> none,", None, None, True),
    ("/a pix -> none,", "p", "inherit", True),
    ("/a Pux -> none,", "unconfined", "unconfined", False),
    ("/a px -> unconfined,", "unconfined", None, True),
    ("/a px -> &s,", "q//&s", None, True),
    ("/a px -> :ns:s,", None, None, True),
    ("/a ix -> s,", "s", "inherit", False),
    ("/a ix -> none,", "p", "inherit", False),
    ("/a ux -> s,", "s", None, True),
    ("/a ux -> none,", None, None, True),
)


@pytest.mark.parametrize(("rules", "target", "fallback", "unsafe"), EXECUTIONS)
def test_where_an_execution_leads(
    rules: str, target: str | None, fallback: str | None, unsafe: bool
) -> None:
    """The profile after an execution, its fallback, and whether the environment is kept."""
    found = policy(rules).permissions("p", "file", "/a").exec
    assert found is not None
    assert (found.target, found.fallback, found.unsafe) == (target, fallback, unsafe)


LINKS = (
    ("/n l, /n r, /o r,", True, True),
    ("/n l, /n rw, /o r,", True, False),
    ("/n l, /n rw, /o r,", False, True),  # the subset test is the owner's alone
    ("link /n -> /o,", True, True),
    ("link /n -> /o, /n rw,", True, True),
    ("link subset /n -> /o, /n rw,", True, False),
    ("link subset /n -> /o, /n rw, /o rw,", True, True),
    ("link /n -> /x,", True, False),
    ("l /n -> /o,", True, True),
    ("/n l -> /o,", True, True),
    ("link /n -> /o, deny /n l,", True, False),
    ("link /n -> /o, deny link /n -> /x,", True, True),
    ("link /n -> /o, deny link /n -> /o,", True, False),
    ("deny /n l, priority=1 link /n -> /o,", True, True),
    ("owner link /n -> /o,", True, True),
    ("owner link /n -> /o,", False, False),
    ("/n r,", True, False),
)


@pytest.mark.parametrize(("rules", "owner", "allowed"), LINKS)
def test_hard_links(rules: str, owner: bool, allowed: bool) -> None:
    """A link needs `l`, the pair of names, and for a bare `l` no more rights than its target."""
    verdict = policy(rules).query("p", "link", "/n", target="/o", owner=owner)
    assert verdict.allowed == allowed


OTHERS: tuple[tuple[str, str, str, dict[str, str], str, str, str], ...] = (
    # rules, class, object, fields; allow, audit, quiet
    ("capability kill,", "capability", "kill", {}, "use", "", ""),
    ("capability,", "capability", "sys_admin", {}, "use", "", ""),
    ("capability kill,", "capability", "chown", {}, "", "", ""),
    ("capability kill, deny capability kill,", "capability", "kill", {}, "", "", "use"),
    ("audit deny capability kill,", "capability", "kill", {}, "", "", ""),
    ("audit capability kill, capability kill,", "capability", "kill", {}, "use", "use", ""),
    # a priority is without effect on capabilities, and a prompt is a grant
    ("priority=1 capability kill, deny capability kill,", "capability", "kill", {}, "", "", "use"),
    ("prompt capability kill,", "capability", "kill", {}, "use", "", ""),
    ("signal,", "signal", "x", {"signal": "hup"}, "send receive", "", ""),
    ("signal send peer=x,", "signal", "x", {"signal": "kill"}, "send", "", ""),
    ("signal send set=(hup) peer=x,", "signal", "x", {"signal": "kill"}, "", "", ""),
    ("signal, deny signal send,", "signal", "x", {"signal": "hup"}, "receive", "", "send"),
    (
        "signal, deny signal send, priority=1 signal send peer=a,",
        "signal",
        "a",
        {"signal": "hup"},
        "send receive",
        "",
        "",
    ),
    ("ptrace (read) peer=x,", "ptrace", "x", {}, "read", "", ""),
    ("ptrace, audit deny ptrace trace,", "ptrace", "x", {}, "read tracedby readby", "", ""),
    ("audit umount /a*, umount /ab,", "umount", "/ab", {}, "umount", "umount", ""),
    # for pivot_root a rule without wildcards decides alone, so the audit of the other is lost
    ("audit pivot_root /a*, pivot_root /ab,", "pivot_root", "/ab", {}, "pivot_root", "", ""),
    ("change_profile -> a,", "change_profile", "a", {}, "change_profile onexec", "", ""),
    ("audit change_profile -> a,", "change_profile", "a", {}, "change_profile onexec", "", ""),
    ("change_profile, deny change_profile -> a,", "change_profile", "a", {}, "", "", ""),
    ("change_profile /e -> a,", "onexec", "a", {"exec": "/e"}, "onexec", "", ""),
    ("change_profile /e -> a,", "onexec", "a", {"exec": "/f"}, "", "", ""),
)


@pytest.mark.parametrize(("rules", "cls", "obj", "fields", "allow", "audit", "quiet"), OTHERS)
def test_precedence_of_other_classes(
    rules: str, cls: str, obj: str, fields: dict[str, str], allow: str, audit: str, quiet: str
) -> None:
    """The classes without paths: the same ranks, with the exceptions of the compiler."""
    if "pivot_root" in rules:
        rules = rules.replace("pivot_root /", "pivot_root oldroot=/o /")
        fields = {"oldroot": "/o"}
    found = policy(rules).permissions("p", cls, obj, owner=True, **fields)
    assert (found.allow, found.audit, found.quiet) == tuple(
        frozenset(words.split()) for words in (allow, audit, quiet)
    )
