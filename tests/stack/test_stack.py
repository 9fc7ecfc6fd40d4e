"""Verdicts of the whole stack: which layer refuses, with what, and what is logged on the way."""

from __future__ import annotations

from typing import Any

import pytest

import lsmc
from lsmc import Context
from lsmc.engine.verdict import RequestError, Verdict
from lsmc.policy import Policy
from lsmc.stack.chain import beyond_rules
from lsmc.stack.orders import LayerStep
from tests.places import ROOT

TEXT = """
abi <abi/4.0>,
profile bare { /etc/* r, /tmp/* rw, network inet, signal, ptrace, mount, umount, pivot_root, }
profile strong {
  /etc/* r, owner /home/** rw, /tmp/** rwl, network, signal, ptrace,
  capability, audit capability fowner, mount, umount, pivot_root,
}
profile half { /etc/* r, capability dac_override, deny capability kill, }
profile learning flags=(complain) { }
profile changer { ^one { } profile two { } }
profile hatless { }
"""


@pytest.fixture(scope="module")
def policy() -> Policy:
    return lsmc.compile_text(TEXT, base=ROOT / "profiles")


ROOT_USER: dict[str, Any] = {"uid": 0, "gid": 0}
ANN: dict[str, Any] = {"uid": 1000, "gid": 1000}
SECRET = {"owner": 5, "group": 5, "mode": "0600"}
OPEN = {"dir_owner": 0, "dir_group": 0, "dir_mode": "0755"}
STICKY = {"dir_owner": 0, "dir_group": 0, "dir_mode": "drwxrwxrwt"}


def brief(verdict: Verdict) -> list[str]:
    """The layers that were asked, marked, up to the one that refuses."""
    mark = {"allow": "+", "unknown": "?", "not-reached": "."}
    return [
        f"{LayerStep(layer.layer, layer.test)} {mark.get(layer.verdict, layer.errno)}"
        for layer in verdict.chain
    ]


Case = tuple[str, str, str, dict[str, Any], list[str]]
CASES: list[Case] = [
    # a rule does not give what the process lacks
    ("strong", "read", "/etc/a", {**ANN, **SECRET, **OPEN},
     ["dac(search) +", "dac(access) EACCES", "apparmor ."]),
    # and what it has counts only with a rule
    ("bare", "read", "/etc/a", {**ROOT_USER, **SECRET, **OPEN},
     ["dac(search) +", "dac(access) EACCES", "apparmor ."]),
    ("half", "read", "/etc/a", {**ROOT_USER, **SECRET, **OPEN},
     ["dac(search) +", "dac(access) +", "apparmor +"]),
    ("strong", "write", "/etc/a", {**ROOT_USER, **SECRET, **OPEN},
     ["dac(search) +", "dac(access) +", "apparmor EACCES"]),
    ("bare", "unlink", "/tmp/a", {**ANN, "owner": 0, "mode": "0644", **STICKY},
     ["dac(search) +", "apparmor +", "dac(delete) EPERM"]),
    ("bare", "unlink", "/tmp/a", {**ANN, "owner": 1000, "mode": "0644", **STICKY},
     ["dac(search) +", "apparmor +", "dac(delete) +"]),
    ("bare", "unlink", "/tmp/a", {**ANN, "owner": 0, **STICKY, "dir_owner": 1000},
     ["dac(search) +", "apparmor +", "dac(delete) +"]),
    ("bare", "unlink", "/etc/a", {**ANN, "owner": 0, **OPEN},
     ["dac(search) +", "apparmor EACCES", "dac(delete) ."]),
    ("bare", "create", "/tmp/a", {**ANN, **OPEN},
     ["dac(search) +", "apparmor +", "dac(create) EACCES"]),
    ("bare", "create", "/tmp/a", ANN, ["dac(search) ?", "apparmor +", "dac(create) ?"]),
    ("bare", "chmod", "/tmp/a", {**ANN, "owner": 0},
     ["dac(search) ?", "apparmor +", "dac(chmod) EPERM"]),
    ("bare", "mknod", "/tmp/a", {**ANN, **STICKY, "mode": "crw-------"},
     ["dac(search) +", "apparmor +", "dac(create) +", "capability(mknod) EPERM"]),
    ("bare", "mknod", "/tmp/a", {**ANN, **STICKY, "mode": "prw-------"},
     ["dac(search) +", "apparmor +", "dac(create) +", "capability(mknod) +"]),
    # mount asks the rules first, umount and pivot_root the capability
    ("half", "mount", "/mnt", {**ANN, **OPEN},
     ["dac(search) +", "apparmor EACCES", "capability(sys_admin) ."]),
    ("bare", "mount", "/mnt", {**ANN, **OPEN},
     ["dac(search) +", "apparmor +", "capability(sys_admin) EPERM"]),
    ("strong", "mount", "/mnt", {**ROOT_USER, **OPEN},
     ["dac(search) +", "apparmor +", "capability(sys_admin) +"]),
    ("strong", "mount", "/mnt", {}, ["dac(search) ?", "apparmor +", "capability(sys_admin) ?"]),
    ("half", "umount", "/mnt", {},  # whether it is held or not: there is no rule
     ["dac(search) ?", "capability(sys_admin) EPERM", "apparmor ."]),
    ("half", "umount", "/mnt", {**ANN, **OPEN},
     ["dac(search) +", "capability(sys_admin) EPERM", "apparmor ."]),
    ("half", "pivot_root", "/mnt", {**ANN, **OPEN},
     ["capability(sys_admin) EPERM", "dac(search) .", "apparmor ."]),
    ("strong", "capable", "net_raw", ANN, ["capability(use) EPERM", "apparmor ."]),
    ("half", "capable", "net_raw", ROOT_USER, ["capability(use) +", "apparmor EPERM"]),
    ("strong", "capable", "net_raw", {"caps": "net_raw"}, ["capability(use) +", "apparmor +"]),
    ("strong", "capable", "net_raw", {}, ["capability(use) ?", "apparmor +"]),
    ("strong", "signal_send", "bare", {**ANN, "owner": 0}, ["dac(signal) EPERM", "apparmor ."]),
    ("half", "signal_send", "bare", {**ANN, "owner": 1000}, ["dac(signal) +", "apparmor EACCES"]),
    ("half", "signal_send", "bare", {**ROOT_USER, "owner": 9}, ["dac(signal) EPERM", "apparmor ."]),
    ("strong", "ptrace_trace", "bare", {**ANN, "owner": 1000, "group": 4},
     ["dac(ptrace) EPERM", "apparmor ."]),
    ("strong", "ptrace_trace", "bare", {**ANN, "owner": 1000, "group": 1000},
     ["dac(ptrace) ?", "apparmor +"]),
    ("strong", "ptrace_trace", "bare", {**ROOT_USER, "owner": 1}, ["dac(ptrace) +", "apparmor +"]),
    ("changer", "change_hat", "one", ANN, ["apparmor +"]),
    ("changer", "change_hat", "two", ANN, ["apparmor EPERM"]),
    ("changer", "change_hat", "three", ANN, ["apparmor ENOENT"]),
    ("hatless", "change_hat", "one", ANN, ["apparmor ECHILD"]),
    ("unconfined", "read", "/etc/a", {**ANN, **SECRET, **OPEN},
     ["dac(search) +", "dac(access) EACCES", "apparmor ."]),
    ("learning", "read", "/etc/a", {**ROOT_USER, **SECRET, **OPEN},
     ["dac(search) +", "dac(access) +", "apparmor +"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "op", "obj", "context", "expected"),
    CASES,
    ids=[f"{number}-{case[0]}-{case[1]}" for number, case in enumerate(CASES)],
)
def test_chains(
    policy: Policy, subject: str, op: str, obj: str, context: dict[str, Any], expected: list[str]
) -> None:
    verdict = policy.query(subject, op, obj, context=context)
    assert brief(verdict) == expected
    assert verdict.allowed is not any(word.split()[1][0] == "E" for word in expected)


SOCKETS = [
    ("bind", "inet", {"type": "stream", "port": "80"}, "EACCES"),
    ("bind", "inet6", {"type": "stream", "port": "8080"}, "+"),
    ("bind", "inet", {"type": "stream", "port": "0"}, "+"),
    ("bind", "inet", {"type": "stream"}, "?"),
    ("socket_create", "inet", {"type": "raw"}, "EPERM"),
    ("socket_create", "inet", {"type": "stream"}, "+"),
    ("socket_create", "inet", {"type": "dgram", "protocol": "icmp"}, "?"),
    ("socket_create", "packet", {"type": "dgram"}, "EPERM"),
    ("socket_create", "netlink", {"type": "raw"}, "+"),
    ("socket_create", "bluetooth", {"type": "raw"}, "?"),
]


@pytest.mark.parametrize(("op", "family", "fields", "expected"), SOCKETS)
def test_sockets_ask_the_module_and_then_a_capability(
    policy: Policy, op: str, family: str, fields: dict[str, Any], expected: str
) -> None:
    verdict = policy.query("strong", op, family, context=ANN, **fields)
    module, capability = brief(verdict)
    assert module == "apparmor +"
    assert capability.split()[1] == expected


def test_named_sockets_are_files(policy: Policy) -> None:
    held = {**ANN, "owner": 0, "group": 0, "mode": "srw-rw----"}
    for address, expected in (("/tmp/s", "EACCES"), ("@abstract", "+")):
        fields: dict[str, Any] = {"type": "stream", "peer_addr": address}
        verdict = policy.query("strong", "connect", "unix", context=held, **fields)
        assert brief(verdict)[1] == f"dac(connect) {expected}"
    some = {**ANN, **OPEN}
    for more, expected in (({"addr": "/tmp/s"}, "EACCES"), ({"addr": "@a"}, "+"), ({}, "?")):
        fields = {"family": "unix", **more}
        verdict = policy.query("strong", "bind", "unix", context=some, **fields)
        assert brief(verdict)[1] == f"dac(bind) {expected}"


def test_capabilities_are_tried_in_turn_and_refusals_logged(policy: Policy) -> None:
    context = {**ROOT_USER, **SECRET, **OPEN}
    for subject, op, tried in (
        ("bare", "read", [("dac_read_search", False, True), ("dac_override", False, True)]),
        ("half", "read", [("dac_read_search", False, True), ("dac_override", True, False)]),
        ("strong", "read", [("dac_read_search", True, False)]),
        ("strong", "write", [("dac_override", True, False)]),
        ("learning", "read", [("dac_read_search", True, True)]),
    ):
        verdict = policy.query(subject, op, "/etc/a", context=context)
        found = verdict.chain[1].capabilities
        assert [(one.capability, one.ruled, one.logged) for one in found] == tried, subject


def test_what_is_logged(policy: Policy) -> None:
    secret = {**SECRET, **OPEN}

    def audited(subject: str, op: str, obj: str, **context: Any) -> bool:
        return policy.query(subject, op, obj, context=context).audited

    assert not audited("bare", "write", "/etc/a", **ANN, **secret)  # the module is not reached
    assert not audited("bare", "read", "/etc/a", **ANN, **secret)  # the capability is not held
    assert audited("bare", "read", "/etc/a", **ROOT_USER, **secret)
    assert not audited("half", "signal_send", "p", **ROOT_USER, owner=5)  # a quiet deny
    assert audited("strong", "chmod", "/tmp/a", **ROOT_USER, owner=5, **OPEN)  # audit fowner
    assert audited("bare", "unlink", "/etc/a", **ANN, owner=5, **OPEN)


def test_the_owner_follows_from_the_users(policy: Policy) -> None:
    open_file = {"group": 0, "mode": "0666", **OPEN}

    def allowed(op: str, *, said: bool = True, **context: Any) -> bool:
        found = policy.query(
            "strong", op, "/home/a/b", owner=said, context={**open_file, **context}
        )
        return found.allowed

    assert allowed("read", **ANN, owner=1000, said=False)
    assert not allowed("read", **ANN, owner=1001)
    assert allowed("read", **ANN)
    assert not allowed("read", **ANN, said=False)
    assert allowed("create", **{**ANN, "dir_mode": "0777"}, owner=1001, said=False)


def test_modules_stand_in_their_order(policy: Policy) -> None:
    context = {**ANN, "owner": 0, "group": 0, "mode": "0644", **OPEN}
    lsm = "lockdown,capability,landlock,yama,apparmor,bpf"
    verdict = policy.query(
        "bare", "write", "/tmp/a", context={**context, "lsm": lsm, "mode": "0666"}
    )
    assert brief(verdict)[2:] == ["landlock ?", "apparmor +", "bpf ?"]
    verdict = policy.query(
        "half", "write", "/tmp/a", context={**context, "lsm": lsm, "mode": "0666"}
    )
    assert brief(verdict)[2:] == ["landlock ?", "apparmor EACCES", "bpf ."]


def test_without_apparmor_the_profile_is_not_asked(policy: Policy) -> None:
    context = {**ROOT_USER, **SECRET, **OPEN, "lsm": "capability,selinux"}
    verdict = policy.query("bare", "write", "/etc/a", context=context)
    assert brief(verdict) == ["dac(search) +", "dac(access) +", "selinux ?"]
    assert (verdict.allowed, verdict.decision, verdict.rules) == (True, "unconfined", ())
    assert "not asked" in verdict.note


def test_complain_mode_does_not_pass_over_users(policy: Policy) -> None:
    verdict = policy.query("learning", "read", "/etc/a", context={**ANN, **SECRET})
    assert (verdict.allowed, verdict.decision) == (False, "complain")


def test_many_with_and_without_a_context(policy: Policy) -> None:
    plain = {"subject": "bare", "class": "file", "perms": "r", "object": "/etc/a", "owner": True}
    context = {**ANN, **SECRET}
    mixed = [plain, {**plain, "context": context}, plain, {**plain, "context": None}, plain]
    found = list(policy.query_many(mixed))
    assert [one.allowed for one in found] == [True, False, True, True, True]
    assert found[1].chain
    assert not any(one.chain for one in (found[0], found[2], found[3], found[4]))


def test_a_context_is_a_value_or_an_object(policy: Policy) -> None:
    one = policy.query("bare", "read", "/etc/a", context=Context(1000, 1000, owner=0, mode=0o600))
    two = policy.query("bare", "read", "/etc/a", context={**ANN, "owner": 0, "mode": "0600"})
    assert one == two
    with pytest.raises(RequestError, match="uid"):
        policy.query("bare", "read", "/etc/a", context={"uid": "x"})
    with pytest.raises(RequestError, match="not an object"):
        policy.answer({"subject": "bare", "op": "read", "object": "/a", "context": 3})


def test_explanations_suggest_the_capability_that_is_held(policy: Policy) -> None:
    found = policy.explain("bare", "read", "/etc/a", context={**ROOT_USER, **SECRET, **OPEN})
    assert not found.verdict.allowed
    assert [one.rule for one in found.suggestions] == ["capability dac_read_search,"]
    assert found.request.context == Context.of({**ROOT_USER, **SECRET, **OPEN})
    assert not found.request.owner
    found = policy.explain("bare", "read", "/etc/a", context={**ANN, **SECRET, **OPEN})
    assert found.suggestions == ()
    found = policy.explain("half", "signal_send", "half", context={**ROOT_USER, "owner": 5})
    assert [one.says or one.rule for one in found.suggestions] == [
        "signal send set=(term) peer=half,",
        "remove or narrow `deny capability kill,`",
        "capability kill,",
    ]
    assert ("capability", "deny") in {(one.cls, one.effect) for one in found.reasons}


def test_layers_that_are_not_reached_say_what_they_would(policy: Policy) -> None:
    found = policy.query("half", "mount", "/mnt", context={**ROOT_USER, **OPEN})
    _, module, capability = found.chain
    assert (module.verdict, module.would) == ("deny", "")
    assert (capability.verdict, capability.would) == ("not-reached", "deny")
    assert not any(one.logged for one in capability.capabilities)
    assert beyond_rules(found.chain) is None  # two rules help
    explained = policy.explain("half", "mount", "/mnt", context={**ROOT_USER, **OPEN})
    assert [one.rule for one in explained.suggestions] == [
        "mount options=(rw) -> /mnt,",
        "capability sys_admin,",
    ]
    found = policy.query("half", "mount", "/mnt", context={**ANN, **OPEN})
    beyond = beyond_rules(found.chain)
    assert beyond is not None
    assert beyond.layer == "capability"


def test_the_suggested_rules_are_enough(policy: Policy) -> None:
    """What is suggested for a chain that rules can mend, added to the profile, opens it."""
    for subject, op, obj, context, _ in CASES:
        explained = policy.explain(subject, op, obj, context=context)
        if explained.verdict.allowed or beyond_rules(explained.verdict.chain) is not None:
            continue
        stays = any(one.kind == "deny" for one in explained.suggestions)
        if op == "change_hat" or stays:  # no added rule helps
            continue
        rules = "\n".join(one.rule for one in explained.suggestions)
        text = TEXT.replace(f"profile {subject} {{", f"profile {subject} {{\n{rules}\n")
        mended = lsmc.compile_text(text, base=ROOT / "profiles")
        assert mended.query(subject, op, obj, context=context).allowed, (subject, op, rules)
