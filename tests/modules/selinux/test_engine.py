"""Answers to questions: decisions, their rules, their notes, and questions that are none."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lsmc
from lsmc.engine.verdict import FieldTypeError, RequestError, UnknownName
from lsmc.policy import Policy
from tests.modules.selinux.policies import BOOLEANS, as_model, compiled, random_policy
from tests.modules.selinux.reference import allowed, granted

WEB = """\
(type web_t) (roletype web_r web_t) (roletype object_r web_t)
(type page_t) (roletype object_r page_t)
(type secret_t) (roletype object_r secret_t)
(type web_exec_t) (roletype object_r web_exec_t)
(typeattribute daemon) (typeattributeset daemon (web_t))
(typeattribute server) (typeattributeset server (daemon))
(boolean may_write false)
(allow server page_t (file (read open)))
(booleanif may_write (true (allow web_t page_t (file (write)))))
(dontaudit web_t secret_t (file (read)))
(auditallow web_t page_t (file (open)))
(allow web_t secret_t (file (write ioctl)))
(allowx web_t secret_t (ioctl file (0x5401 (range 0x5500 0x55ff))))
(constrain (file (write)) (or (eq u1 u2) (eq t1 base_t)))
(mlsconstrain (file (read)) (dom h1 l2))
(allow base_t web_t (process (transition)))
(allow base_t web_exec_t (file (execute)))
(allow web_t web_exec_t (file (entrypoint)))
(typetransition base_t web_exec_t process web_t)
(macro reads ((type who)) (allow who page_t (dir (search))))
(call reads (web_t))
(typepermissive base_t)
"""
WEB_S = "sys_u:web_r:web_t:s0"


@pytest.fixture(scope="module")
def web() -> Policy:
    return compiled(WEB)


@pytest.mark.parametrize(
    ("op", "obj", "decision"),
    [
        ("file:read", "sys_u:object_r:page_t:s0", "allow"),
        ("file:read,open", "sys_u:object_r:page_t:s0", "allow"),
        ("file:read,write", "sys_u:object_r:page_t:s0", "deny-implicit"),
        ("file:read", "sys_u:object_r:page_t:s0:c2", "deny-implicit"),
        ("file:write", "ann_u:object_r:secret_t:s0", "deny-implicit"),
        ("file:write", "sys_u:object_r:secret_t:s0", "allow"),
        ("file:write", "secret_t", "allow"),
        ("process:signal", "self", "deny-implicit"),
        ("file:read", "sys_u:object_r:page_t:s9", "invalid-context"),
        ("file:read", "ann_u:sys_r:page_t:s0", "invalid-context"),
    ],
)
def test_decisions(web: Policy, op: str, obj: str, decision: str) -> None:
    assert web.query(WEB_S, op, obj).decision == decision


def test_booleans_turn_rules_on(web: Policy) -> None:
    assert not web.query("web_t", "file:write", "page_t")
    assert web.query("web_t", "file:write", "page_t", booleans={"may_write": True})
    found = web.query("web_t", "file:write", "page_t", booleans={"may_write": True})
    assert found.rules[0].via == ("may_write is true",)


def test_a_permissive_type_is_let_through(web: Policy) -> None:
    found = web.query("base_t", "file:write", "page_t")
    assert (found.allowed, found.decision) == (True, "permissive")
    assert web.enforced.query("base_t", "file:write", "page_t").decision == "deny-implicit"
    assert found.rules[0].text == "(typepermissive base_t)"


def test_rules_come_with_attributes_and_macros(web: Policy) -> None:
    found = web.query("web_t", "file:read", "page_t").rules
    lines = WEB.splitlines()
    first = found[0].line - 1
    assert len(found) == 1
    assert found[0].text == "(allow server page_t (file (read open)))"
    assert found[0].via == (
        f"web_t is in daemon: <text>:{first - 2}",
        f"daemon is in server: <text>:{first - 1}",
    )
    called = web.query("web_t", "dir:search", "page_t").rules[0]
    assert called.text == "(allow web_t page_t (dir (search)))"
    shift = found[0].line - lines.index("(allow server page_t (file (read open)))")
    macro = next(at for at, line in enumerate(lines) if line.startswith("(macro"))
    assert called.line == macro + shift
    assert called.via == (f"by <text>:{macro + 1 + shift}",)


def test_a_denial_tells_what_takes_away(web: Policy) -> None:
    found = web.query(WEB_S, "file:write", "ann_u:object_r:secret_t:s0")
    assert [rule.text for rule in found.rules] == [
        "(constrain (file (write)) (or (eq u1 u2) (eq t1 base_t)))"
    ]
    assert found.note == "a constraint forbids it"


def test_what_is_logged(web: Policy) -> None:
    assert web.query("web_t", "file:open", "page_t").audited
    assert not web.query("web_t", "file:read", "page_t").audited
    silent = web.query("web_t", "file:read", "secret_t")
    assert not silent.audited
    assert silent.rules[0].text == "(dontaudit web_t secret_t (file (read)))"
    assert web.query("web_t", "file:read,open", "secret_t").audited


def test_numbers_of_calls(web: Policy) -> None:
    ask = [web.query("web_t", "file:ioctl", "secret_t", ioctl=n) for n in (0x5401, 0x5580, 0x5600)]
    assert [one.allowed for one in ask] == [True, True, False]
    assert "no rule allows this number" in ask[2].note
    assert "ask with ioctl=NUMBER" in web.query("web_t", "file:ioctl", "secret_t").note
    assert web.query("web_t", "file:ioctl", "secret_t", ioctl="0x5401")


def test_an_execution_tells_the_next_domain(web: Policy) -> None:
    found = web.query("sys_u:sys_r:base_t:s0", "file:execute", "sys_u:object_r:web_exec_t:s0")
    assert found.transition is not None
    assert found.transition.target == "sys_u:sys_r:web_t:s0"
    assert web.query("base_t", "file:execute", "web_exec_t").transition == (
        "typetransition",
        "web_t",
        False,
        None,
    )


def test_a_whole_vector(web: Policy) -> None:
    found = web.permissions("web_t", "file", "secret_t")
    assert set(found.allow) == {"write", "ioctl"}
    assert (set(found.audit), set(found.quiet)) == (set(), {"read"})
    assert [one.text for one in found.rules["write"]] == [
        "(allow web_t secret_t (file (write ioctl)))"
    ]


@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        ({"subject": "web_t", "op": "file", "object": "page_t"}, RequestError),
        ({"subject": "web_t", "op": "file:", "object": "page_t"}, RequestError),
        ({"subject": "web_t", "op": "fil:read", "object": "page_t"}, UnknownName),
        ({"subject": "web_t", "op": "file:raed", "object": "page_t"}, UnknownName),
        ({"subject": "wbe_t", "op": "file:read", "object": "page_t"}, UnknownName),
        ({"subject": "daemon", "op": "file:read", "object": "page_t"}, UnknownName),
        ({"subject": "web_t", "op": "file:read", "object": "/a"}, RequestError),
        ({"subject": "web_t", "op": "file:read", "object": "page_t", "x": 1}, RequestError),
        ({"subject": "web_t", "op": "file:read", "object": "page_t", "ioctl": 1}, RequestError),
        ({"subject": "web_t", "op": "file:ioctl", "object": "page_t", "ioctl": -1}, RequestError),
        ({"subject": "web_t", "op": "file:ioctl", "object": "page_t", "ioctl": "x"}, RequestError),
        ({"subject": "web_t", "op": "file:ioctl", "object": "a", "ioctl": True}, FieldTypeError),
        ({"subject": 1, "op": "file:read", "object": "page_t"}, FieldTypeError),
        ({"subject": "web_t", "op": "file:read", "object": "a", "booleans": {"a": 1}}, UnknownName),
        (
            {"subject": "a", "op": "file:read", "object": "b", "booleans": {"may_write": 1}},
            FieldTypeError,
        ),
        ({"subject": "a", "op": "file:read", "object": "b", "booleans": 3}, FieldTypeError),
        ({"subject": "web_t", "class": "file", "perms": 3, "object": "page_t"}, FieldTypeError),
        ({"subject": "web_t", "class": "file", "perms": "", "object": "page_t"}, RequestError),
    ],
)
def test_questions_that_no_kernel_asks(
    web: Policy, request_: dict[str, object], fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        web.answer(request_)


@pytest.mark.parametrize(("handling", "allowed"), [("allow", True), ("deny", False)])
def test_what_the_policy_does_not_know(handling: str, allowed: bool) -> None:
    text = f"(handleunknown {handling})"
    policy = lsmc.compile_text(
        compiled_text().replace("(handleunknown deny)", text), module="selinux"
    )
    found = policy.query("base_t", "bpf:prog_load", "base_t")
    assert found.allowed == allowed
    assert f"handleunknown says {handling}" in found.note
    assert policy.query("base_t", "file:watch", "base_t").allowed == allowed


def compiled_text() -> str:
    from tests.modules.selinux.policies import PRELUDE

    return PRELUDE


def test_a_batch_answers_as_one_by_one(web: Policy) -> None:
    objects = ("sys_u:object_r:page_t:s0", "sys_u:object_r:secret_t:s0:c1", "page_t", "bad:x", "")
    requests: list[dict[str, object]] = [
        {"subject": subject, "op": op, "object": obj}
        for subject in (WEB_S, "web_t", "sys_u:sys_r:base_t:s0")
        for op in ("file:read", "file:write,open", "process:signal", "dir:search")
        for obj in objects
        if obj != "bad:x" or ":" in subject
    ]
    requests += [{**one, "booleans": {"may_write": on}} for one in requests for on in (True, False)]
    requests += [{**one, "booleans": {}, "owner": True} for one in requests[:9]]
    one_by_one = [web.answer(request) for request in requests]
    assert list(web.query_many(requests)) == one_by_one
    assert list(web.query_many(requests * 2)) == one_by_one * 2


@settings(max_examples=40)
@given(st.integers(0, 1 << 30))
def test_decisions_are_those_of_the_rules_one_by_one(seed: int) -> None:
    text = random_policy(seed)
    policy, meant = compiled(text), as_model(text)
    types = [one.name for one in meant.types]
    for values in product((False, True), repeat=len(BOOLEANS)):
        booleans = dict(zip(BOOLEANS, values, strict=True))
        for source, target in product(range(len(types)), repeat=2):
            for cls, known in enumerate(meant.classes):
                found = policy.permissions(
                    types[source], known.name, types[target], booleans=booleans
                )
                words = (source, target, cls, booleans)
                assert found.allow == _names(known.permissions, allowed(meant, *words))
                assert found.audit == _names(
                    known.permissions, granted(meant, "auditallow", *words)
                )
                assert found.quiet == _names(known.permissions, granted(meant, "dontaudit", *words))


def _names(permissions: tuple[str, ...], mask: int) -> set[str]:
    return {name for bit, name in enumerate(permissions) if mask >> bit & 1}
