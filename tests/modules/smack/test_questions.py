"""Questions: operations and their requests, what tasks bring, and names that are none."""

from __future__ import annotations

from typing import Any

import pytest

import lsmc
from lsmc.modules.smack.operations import ASKS

RULES = """App Sys rw
App Usr rxa
App Dir wx
App Tr rwxt
App Up b
Sys App w
"""


@pytest.fixture(scope="module")
def policy() -> lsmc.Policy:
    return lsmc.compile_text(RULES, module="smack")


@pytest.mark.parametrize(
    ("op", "obj", "fields", "allowed"),
    [
        ("read", "Sys", {}, True),
        ("write", "Sys", {}, True),
        ("write", "Usr", {}, False),
        ("write", "Dir", {}, False),  # opening asks r as well
        ("append", "Usr", {}, False),  # and appending w
        ("exec", "Usr", {}, True),
        ("exec", "Dir", {}, False),
        ("search", "Dir", {}, True),
        ("create", "Dir", {}, True),
        ("mkdir", "Sys", {}, False),
        ("unlink", "Sys", {}, True),
        ("unlink", "Sys", {"directory": "Dir"}, True),
        ("unlink", "Sys", {"directory": "Usr"}, False),
        ("rename", "Sys", {"directory": "Dir", "new_directory": "Tr", "target": "Sys"}, True),
        ("rename", "Sys", {"directory": "Dir", "new_directory": "Sys"}, False),
        ("rename", "Sys", {"target": "Usr"}, False),
        ("rename", "Dir", {}, False),
        ("link", "Dir", {"directory": "Dir"}, True),
        ("lock", "Sys", {}, True),
        ("lock", "Usr", {}, False),
        ("signal_send", "Dir", {}, True),
        ("kill", "Usr", {}, False),
        ("kill", "Usr", {"signal": "0"}, True),
        ("ptrace_trace", "Sys", {}, True),
        ("ptrace_trace", "Usr", {}, False),
        ("ptrace_read", "Usr", {}, True),
        ("getsid", "Usr", {}, True),
        ("setscheduler", "Usr", {}, False),
        ("ipc_get", "Usr", {"mode": "0444"}, True),
        ("ipc_get", "Usr", {"mode": "0222"}, False),
        ("ipc_get", "None", {"mode": "0"}, False),  # an empty request needs a rule
        ("ipc_get", "Usr", {"mode": "0"}, True),
        ("semop", "Usr", {}, False),
        ("msgsnd", "Dir", {}, True),
        ("connect", "Sys", {}, True),
        ("connect", "Dir", {}, False),  # the answer comes back the other way
        ("send", "Dir", {}, True),
        ("mmap_exec", "None", {}, True),
        ("smack_inode_rmdir", "Sys", {}, True),
        ("smack_inode_setattr", "Sys", {}, True),
        ("stat", "Usr", {}, True),
        ("shmget", "Usr", {"mode": "0444"}, True),
        ("rwl", "Sys", {}, True),
        ("RW", "Sys", {}, True),
        ("-", "Up", {}, True),
        ("r", "Up", {}, False),
    ],
)
def test_operations(
    policy: lsmc.Policy, op: str, obj: str, fields: dict[str, str], allowed: bool
) -> None:
    assert policy.query("App", op, obj, **fields).allowed is allowed


def test_every_operation_is_asked(policy: lsmc.Policy) -> None:
    for asks in ASKS:
        fields = {"mode": "0666"} if "mode" in asks.fields else {}
        verdict = policy.query("Sys", asks.operation.name, "Sys", **fields)
        assert verdict.allowed, asks.operation.name
        back = policy.query("Sys", asks.operation.name, "*", **fields)
        assert back.allowed is not asks.mutual  # the label `*` may do nothing itself


def test_own_rules_take_away(policy: lsmc.Policy) -> None:
    for own, allowed in (("App Sys r", False), ("App Sys rw", True), ("App Usr -", True)):
        assert policy.query("App", "write", "Sys", self_rules=own).allowed is allowed
    assert not policy.query("App", "x", "_", self_rules="App _ -").allowed
    assert policy.query("App", "x", "_", self_rules="App _ -", capabilities="mac_override")
    assert policy.query("App", "send", "Dir", self_rules="App Dir -").allowed  # between sockets


def test_who_may_override(policy: lsmc.Policy) -> None:
    asked: dict[str, Any] = {"subject": "App", "op": "w", "object": "Usr"}
    for capabilities, allowed in (
        ("", False),
        ("CAP_MAC_OVERRIDE", True),
        (["mac_override", "chown"], True),
        ("chown", False),
        ("all", True),
    ):
        assert policy.answer({**asked, "capabilities": capabilities}).allowed is allowed


def test_onlycap_limits_it(tmp_path: Any) -> None:
    (tmp_path / "accesses").write_text("App Sys r\n")
    (tmp_path / "onlycap").write_text("Sys Usr\n")
    policy = lsmc.compile(tmp_path)
    for subject, allowed in (("App", False), ("Sys", True), ("Usr", True)):
        found = policy.query(subject, "w", "Other", capabilities="mac_override")
        assert found.allowed is allowed


def test_unconfined_labels_are_let_through(tmp_path: Any) -> None:
    (tmp_path / "accesses").write_text("App Sys r\n")
    (tmp_path / "unconfined").write_text("App\n")
    policy = lsmc.compile(tmp_path)
    found = policy.query("App", "rw", "Sys")
    assert (found.allowed, found.decision, found.missing) == (True, "permissive", ("w",))
    assert found.audited
    assert policy.query("Sys", "w", "App").decision == "permissive"
    assert not policy.query("App", "rw", "Sys", enforce=True).allowed
    assert not policy.query("App", "w", "Sys", self_rules="App Sys r").allowed


def test_labels_of_what_is_made_and_run(policy: lsmc.Policy) -> None:
    assert "gets the label `Tr`" in policy.query("App", "create", "Tr", transmute=True).note
    assert "gets the label `App`" in policy.query("App", "create", "Tr").note
    assert "gets the label `App`" in policy.query("App", "create", "Dir", transmute="yes").note
    run = policy.query("App", "exec", "Usr", exec_label="Sys").transition
    assert run is not None
    assert (run.target, run.scrubs) == ("Sys", True)
    stays = policy.query("App", "exec", "Usr", exec_label="App").transition
    assert stays is not None
    assert (stays.target, stays.scrubs) == ("App", False)


def test_a_label_is_cut_as_the_kernel_does(policy: lsmc.Policy) -> None:
    found = policy.query("App", "r", "Sys/x")
    assert found.allowed
    assert "the kernel reads `Sys`" in found.note


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("App", "wirte", "Sys"), "unknown operation `wirte`; did you mean `write`"),
        (("App", "rq", "Sys"), "unknown operation `rq`"),
        (("-App", "r", "Sys"), "`-App` is no label: a label does not begin with `-`"),
        (("App", "r", ""), "`object` is not given: it is a label"),
        (("A" * 256, "r", "Sys"), "is no label: a label has at most 255 bytes"),
    ],
)
def test_names_that_are_none(
    policy: lsmc.Policy, asked: tuple[str, str, str], message: str
) -> None:
    with pytest.raises((lsmc.UnknownName, lsmc.RequestError), match=message):
        policy.query(*asked)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"directory": "Dir"}, "`directory` is not a field of `read`; its fields are self_rules"),
        ({"self_rules": "App Sys"}, "`self_rules`: a row ends too early"),
        ({"capabilities": "mac"}, "`capabilities`: `mac` is not a capability"),
        ({"context": {"uid": 1}}, "users, modes and other modules are judged by `lsmc query --pol"),
    ],
)
def test_fields_that_are_none(policy: lsmc.Policy, fields: dict[str, str], message: str) -> None:
    with pytest.raises(lsmc.RequestError, match=message):
        policy.query("App", "read", "Sys", **fields)
    with pytest.raises(lsmc.RequestError, match="`transmute` is yes or no, not `maybe`"):
        policy.query("App", "create", "Tr", transmute="maybe")
    with pytest.raises(lsmc.RequestError, match="`mode` is missing or no number in octal"):
        policy.query("App", "ipc_get", "Sys", mode="9")
    with pytest.raises(TypeError, match="`self_rules` is a text"):
        policy.answer({"subject": "App", "op": "r", "object": "Sys", "self_rules": 1})


def test_many_answers_are_those_of_one_by_one(policy: lsmc.Policy) -> None:
    requests = [
        {"subject": subject, "op": op, "object": obj}
        for subject in ("App", "Sys", "_", "^")
        for op in ("r", "write", "rename", "w")
        for obj in ("Sys", "Usr", "_", "*")
    ]
    assert list(policy.query_many(requests * 2)) == [policy.answer(one) for one in requests * 2]


def test_permissions_are_letters(policy: lsmc.Policy) -> None:
    found = policy.permissions("App", "access", "Sys")
    assert found.allow == {"r", "w", "l"}
    assert [ref.line for ref in found.rules["w"]] == [1]
    assert policy.permissions("App", "access", "*").allow == set("rwxatlb")
    assert policy.permissions("App", "access", "_").allow == {"r", "x", "l"}
    assert policy.permissions("App", "inode", "Up").audit == {"b"}
    with pytest.raises(lsmc.UnknownName, match="unknown class `file`"):
        policy.permissions("App", "file", "Sys")


def test_ptrace_fails_where_it_is_reported() -> None:
    """The kernel takes the number that reports a success for an error."""
    rules = lsmc.compile_text("App Sys rwb\nApp Usr rw", module="smack")
    for op in ("ptrace_trace", "ptrace_read"):
        assert not rules.query("App", op, "Sys").allowed
        assert rules.query("App", op, "Usr").allowed
        assert rules.query("App", op, "Sys", capabilities="mac_override").allowed
    assert rules.query("App", "signal_send", "Sys").allowed
