"""Questions to a policy, under each enforcer and both."""

from __future__ import annotations

import pytest

import lsmc
from tests.modules.kubearmor.policies import WEB, compiled

DIFFERENT = "network: {matchProtocols: [{protocol: tcp}]}"


def test_both_enforcers_answer_where_they_agree() -> None:
    verdict = compiled("file: {matchPaths: [{path: /a}]}").query(WEB, "open", "/a")
    assert (verdict.allowed, verdict.decision) == (False, "deny-explicit")
    assert [str(one.line) for one in verdict.rules] == ["10"]


def test_where_they_part_one_must_be_named() -> None:
    policy = compiled(DIFFERENT)
    fields = {"family": "unix", "type": "stream"}
    with pytest.raises(lsmc.RequestError, match="the enforcers differ: apparmor allows it"):
        policy.query(WEB, "connect", **fields)
    assert policy.query(WEB, "connect", enforcer="apparmor", **fields).allowed
    assert not policy.query(WEB, "connect", enforcer="bpf", **fields).allowed


def test_a_profile_that_does_not_load_is_no_answer() -> None:
    policy = compiled("network: {matchProtocols: [{protocol: sctp}]}")
    with pytest.raises(lsmc.RequestError, match=r"does not load: .*sctp.*web.yaml:10"):
        policy.query(WEB, "open", "/a", enforcer="apparmor")
    assert policy.query(WEB, "open", "/a", enforcer="bpf").allowed


def test_who_is_not_selected_is_not_confined() -> None:
    verdict = compiled(DIFFERENT).query("namespace=shop,app=db", "connect", "tcp")
    assert (verdict.allowed, verdict.decision) == (True, "unconfined")


@pytest.mark.parametrize("posture", ["file=block", "file=block,network=audit"])
def test_the_posture_of_a_question_holds(posture: str) -> None:
    policy = compiled("file: {matchPaths: [{path: /a, action: Allow}]}")
    asked = {"enforcer": "bpf", "posture": posture}
    verdict = policy.query(WEB, "open", "/b", **asked)
    assert (verdict.allowed, verdict.decision) == (False, "deny-implicit")
    let = policy.query(WEB, "open", "/b", enforcer="bpf")
    assert (let.allowed, let.audited) == (True, True)


def test_the_posture_of_a_compilation_holds() -> None:
    text = compiled("file: {matchPaths: [{path: /a, action: Allow}]}")
    assert text.query(WEB, "open", "/b", enforcer="bpf").allowed


def test_an_audit_entry_is_logged() -> None:
    verdict = compiled("file: {matchPaths: [{path: /a, action: Audit}]}").query(WEB, "open", "/a")
    assert (verdict.allowed, verdict.audited) == (True, True)
    assert verdict.rules[0].line == 10


def test_execution_asks_the_file_entries_under_bpf() -> None:
    policy = compiled("file: {matchPaths: [{path: /bin/a}]}")
    assert not policy.query(WEB, "exec", "/bin/a", enforcer="bpf").allowed
    assert policy.query(WEB, "exec", "/bin/a", enforcer="apparmor").allowed


def test_both_names_of_a_rename_are_asked() -> None:
    policy = compiled("file: {matchPaths: [{path: /new}]}")
    assert not policy.query(WEB, "rename", "/old", target="/new").allowed
    assert policy.query(WEB, "rename", "/old", target="/other").allowed


@pytest.mark.parametrize(
    ("op", "obj", "fields", "words"),
    [
        ("read_it", "/a", {}, "unknown operation `read_it`"),
        ("open", "a", {}, "the object is an absolute path"),
        ("open", "/a", {"enforcer": "selinux"}, "unknown enforcer `selinux`"),
        ("open", "/a", {"posture": "file=never"}, "unknown posture `never`"),
        ("open", "/a", {"posture": "disk=audit"}, "unknown posture class `disk`"),
        ("open", "/a", {"sauce": "/b"}, "unknown field `sauce`; did you mean `source`?"),
        ("open", "/a", {"source": "b"}, "`source` is an absolute path"),
        ("capable", "fly", {}, "unknown capability `fly`"),
        ("connect", "", {}, "which socket?"),
        ("connect", "", {"type": "flow"}, "unknown socket type `flow`"),
        ("connect", "", {"type": "raw", "protocol": "x"}, "unknown protocol `x`"),
        ("resolve", "", {}, "asks for a name"),
    ],
)
def test_what_no_kernel_asks_is_an_error(
    op: str, obj: str, fields: dict[str, str], words: str
) -> None:
    with pytest.raises(
        (lsmc.RequestError, lsmc.UnknownName), match=words.split("?", maxsplit=1)[0]
    ):
        compiled(DIFFERENT).query(WEB, op, obj, **fields)


@pytest.mark.parametrize(
    ("obj", "fields", "allowed"),
    [
        ("tcp", {}, False),
        ("udp", {}, True),
        ("inet stream 6", {}, False),
        ("stream", {}, False),
        ("", {"type": "stream", "protocol": 6}, False),
        ("", {"type": "dgram"}, True),
        ("17", {}, True),
    ],
)
def test_sockets_may_be_said_in_several_ways(
    obj: str, fields: dict[str, str | int], allowed: bool
) -> None:
    verdict = compiled(DIFFERENT).query(WEB, "connect", obj, enforcer="bpf", **fields)
    assert verdict.allowed is allowed


def test_a_map_that_is_too_large_is_told() -> None:
    entries = ", ".join(f"{{dir: /srv/{n:03}/}}" for n in range(150))
    verdict = compiled(f"file: {{matchDirectories: [{entries}]}}").query(
        WEB, "open", "/x", enforcer="bpf"
    )
    assert "needs 302 entries and has 256" in verdict.note


def test_a_type_error_for_other_types() -> None:
    policy = compiled(DIFFERENT)
    with pytest.raises(TypeError, match="`source` is a text, not int"):
        policy.query(WEB, "open", "/a", source=7)
    with pytest.raises(TypeError, match="`owner` is true or false"):
        policy.answer({"subject": WEB, "op": "open", "object": "/a", "owner": 3})
