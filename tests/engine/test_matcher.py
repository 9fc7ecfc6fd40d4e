"""Walking the groups of a profile together."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import Any

import pytest

import lsmc
from lsmc.engine import matcher as evaluator
from lsmc.engine.matcher import Matcher
from lsmc.modules.apparmor.classes import CAPABILITY, FILE
from lsmc.modules.apparmor.decide.precedence import decide
from lsmc.tables.bundle import Bundle
from lsmc.tables.groups import make_key
from tests.strategies import PREAMBLE, compile_both

TEXT = """
profile p {
  /a r,
  /a* w,
  deny /ab w,
  /**/x k,
  include <inc/one>
  include <inc/two>
  capability kill,
}
profile empty { }
"""


@cache
def compiled() -> Bundle:
    """The bundle of the text."""
    return Bundle(compile_both(PREAMBLE + TEXT)[1])


def matcher(name: str = "p") -> Matcher:
    """A matcher for a profile of the text."""
    bundle = compiled()
    number = bundle.find_profile(name)
    assert number is not None
    return Matcher(bundle, bundle.profile(number), decide)


def key(path: str) -> bytes:
    """The key of a file request."""
    return make_key(FILE.code, (path.encode(),))


def texts(found: Matcher, path: str) -> set[str]:
    """The texts of the rules that match a path."""
    matches = found.matched(found.walk(key(path)))
    return {compiled().place(match.rule.place).text for match in matches}


def test_all_groups_are_asked() -> None:
    """Rules of the profile itself and of its includes match together."""
    found = matcher()
    assert texts(found, "/a") == {"/a r,", "/a* w,"}
    assert texts(found, "/ab") == {"/a* w,", "deny /ab w,"}
    assert texts(found, "/inc/x") == {"/**/x k,", "/inc/** r,"}
    assert texts(found, "/nothing") == set()


def test_an_include_names_its_place() -> None:
    """A rule of an included file carries the chain of includes."""
    found = matcher()
    matches = found.matched(found.walk(key("/inc/y")))
    assert [len(match.via) for match in matches] == [1]


def test_a_walk_is_remembered() -> None:
    """The same key leads to the same node, and its decision is kept."""
    found = matcher()
    node = found.walk(key("/a"))
    assert found.walk(key("/a")) is node
    assert found.decide(node, FILE, True) is found.decide(node, FILE, True)


def test_owner_and_other_are_decided_apart() -> None:
    """A node keeps a decision for each."""
    found = matcher()
    node = found.walk(key("/v/z"))
    assert FILE.names(found.decide(node, FILE, True).allow) == ("r", "w", "a")
    assert FILE.names(found.decide(node, FILE, False).allow) == ()


def test_classes_do_not_mix() -> None:
    """A key starts with its class, so a capability is not a path."""
    found = matcher()
    node = found.walk(make_key(CAPABILITY.code, (b"kill",)))
    assert CAPABILITY.names(found.decide(node, CAPABILITY, True).allow) == ("use",)
    assert not found.matched(found.walk(make_key(FILE.code, (b"kill",))))


def test_a_profile_without_rules() -> None:
    """Nothing matches, nothing is granted."""
    found = matcher("empty")
    node = found.walk(key("/a"))
    assert found.matched(node) == ()
    assert found.decide(node, FILE, True).allow == 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the limit nodes are dropped, and answers stay the same."""
    monkeypatch.setattr(evaluator, "MAX_NODES", 5)
    found = matcher()
    for turn in range(3):
        for path, count in (("/a", 2), ("/ab", 2), ("/inc/x", 2), ("/zzz/x", 1), ("/q", 0)):
            assert len(found.matched(found.walk(key(path)))) == count, (turn, path)


def test_many_answers_are_those_of_single_questions() -> None:
    """Requests of one shape share what is known at a node; others among them must not."""
    policy = lsmc.compile_text(
        "profile p /bin/p { owner /a/* rw, /a/x r, audit /a/y r, deny /a/z w, /bin/* ix, /a/** l,"
        " }\n"
        "profile c flags=(complain) { /a/x r, }\nprofile s flags=(audit) { /a/* rw, }\n"
    )
    ops = ("read", "write", "rw", "exec", "x", "getattr", "rename", "link", "mmap_exec")
    requests: list[dict[str, Any]] = []
    for subject in ("p", "c", "p//&s", "/bin/p", "unconfined"):
        for path in ("/a/x", "/a/y", "/a/z", "/b", "/bin/q"):
            plain: dict[str, Any] = {"subject": subject, "object": path}
            for owner in ({}, {"owner": True}, {"owner": False}):
                requests += [{**plain, "op": op, **owner} for op in ops]
                requests += [{**plain, "class": "file", "perms": p, **owner} for p in ("r", "rw")]
                requests += [{**plain, "class": "file", "perms": ["r"], **owner}]
            requests += [{**plain, "op": op, "target": "/a/y"} for op in ("rename", "link")]
            requests += [{**plain, "op": "read", "mediated": True}]
            requests += [{**plain, "op": "capable", "object": "chown"}]
    expected = [policy.answer(request) for request in requests]
    for _ in range(2):
        assert list(policy.query_many(requests)) == expected
    mappings = [MappingProxyType(request) for request in requests]
    assert list(policy.query_many(mappings)) == expected
