"""Labels of new objects, ports, file systems and files; changes of labels."""

from __future__ import annotations

import pytest

import lsmc
from lsmc.engine.verdict import RequestError, UnknownName
from lsmc.policy import Policy
from tests.modules.selinux.policies import compiled

TEXT = """\
(type web_t) (roletype web_r web_t) (roletype object_r web_t)
(type page_t) (roletype object_r page_t)
(type log_t) (roletype object_r log_t)
(type old_t) (roletype object_r old_t)
(type exec_t) (roletype object_r exec_t)
(typealias former_t) (typealiasactual former_t page_t)
(typeattribute pages) (typeattributeset pages (page_t log_t))
(boolean logs_apart true)
(typetransition web_t pages dir old_t)
(typetransition web_t page_t dir "cache" log_t)
(booleanif logs_apart (true (typetransition web_t page_t file log_t)))
(typetransition base_t exec_t process web_t)
(typetransition base_t page_t process log_t)
(typemember web_t page_t dir log_t)
(typechange web_t page_t file old_t)
(roletransition sys_r exec_t process web_r)
(roleallow sys_r web_r)
(rangetransition base_t exec_t process ((s0 (c0)) (s1 (c0 c1))))
(defaultuser file target)
(defaultrange file glblub)
(validatetrans file (or (eq u1 u2) (eq t3 base_t)))
(portcon tcp (1 1023) (sys_u object_r log_t ((s0) (s0))))
(portcon tcp 80 (sys_u object_r page_t ((s0) (s0))))
(genfscon proc "/" (sys_u object_r page_t ((s0) (s0))))
(genfscon proc "/sys" (sys_u object_r log_t ((s0) (s0))))
(fsuse xattr ext4 (sys_u object_r old_t ((s0) (s0))))
(filecon "/srv(/.*)?" any (sys_u object_r page_t ((s0) (s0))))
(filecon "/srv/log" dir (sys_u object_r log_t ((s0) (s0))))
(filecon "/srv/none(/.*)?" any ())
"""
WEB, PAGE = "sys_u:web_r:web_t:s0:c0", "ann_u:object_r:page_t:s0:c0,c1"


@pytest.fixture(scope="module")
def policy() -> Policy:
    return compiled(TEXT)


@pytest.mark.parametrize(
    ("kind", "cls", "name", "label"),
    [
        ("transition", "dir", None, "sys_u:object_r:old_t:s0:c0"),
        ("transition", "dir", "cache", "sys_u:object_r:log_t:s0:c0"),
        ("transition", "dir", "cach", "sys_u:object_r:old_t:s0:c0"),
        ("transition", "file", None, "ann_u:object_r:log_t:s0:c0"),
        ("transition", "tcp_socket", None, "sys_u:web_r:web_t:s0:c0"),
        ("transition", "process", None, "sys_u:web_r:web_t:s0:c0"),
        ("member", "dir", None, "ann_u:object_r:log_t:s0:c0"),
        ("change", "file", None, "ann_u:object_r:old_t:s0:c0"),
        ("change", "dir", None, "sys_u:object_r:page_t:s0:c0"),
    ],
)
def test_new_labels(policy: Policy, kind: str, cls: str, name: str | None, label: str) -> None:
    assert policy.label(kind, WEB, PAGE, cls, name) == label


@pytest.mark.parametrize(
    ("kind", "cls", "label"),
    [
        ("transition", "dir", "sys_u:object_r:old_t:s0"),
        ("transition", "process", "sys_u:web_r:web_t:s0-s0:c0,c1"),
        ("member", "process", "ann_u:web_r:web_t:s0"),
        ("change", "tcp_socket", "sys_u:web_r:web_t:s0-s0:c0,c1"),
    ],
)
def test_objects_get_the_low_level_and_tasks_the_range(
    policy: Policy, kind: str, cls: str, label: str
) -> None:
    assert policy.label(kind, "sys_u:web_r:web_t:s0-s0:c0,c1", PAGE, cls) == label


def test_a_boolean_turns_a_transition_off(policy: Policy) -> None:
    found = policy.label("transition", WEB, PAGE, "file", booleans={"logs_apart": False})
    assert found == "ann_u:object_r:page_t:s0:c0"


def test_an_execution_changes_role_and_range(policy: Policy) -> None:
    words = ("sys_u:sys_r:base_t:s0", "sys_u:object_r:exec_t:s0", "process")
    found = policy.label("transition", *words)
    assert found is not None
    assert (found, found.valid) == ("sys_u:web_r:web_t:s0:c0-s1:c0,c1", True)
    assert [rule.text for rule in found.rules] == [
        "(roletransition sys_r exec_t process web_r)",
        "(typetransition base_t exec_t process web_t)",
        "(rangetransition base_t exec_t process)",
    ]


def test_a_label_that_the_policy_does_not_know(policy: Policy) -> None:
    words = ("sys_u:sys_r:base_t:s0", "sys_u:object_r:page_t:s0", "process")
    found = policy.label("transition", *words)
    assert found is not None
    assert (found, found.valid) == ("sys_u:sys_r:log_t:s0", False)
    assert found.note == "role `sys_r` may not have type `log_t`"


def test_ranges_that_do_not_meet_have_no_label(policy: Policy) -> None:
    with pytest.raises(RequestError, match="do not meet"):
        policy.label("transition", "sys_u:web_r:web_t:s0", "sys_u:object_r:old_t:s1", "file")


@pytest.mark.parametrize(
    ("kind", "obj", "label"),
    [
        ("port", "tcp:80", "sys_u:object_r:page_t:s0"),
        ("port", "tcp:81", "sys_u:object_r:log_t:s0"),
        ("port", "udp:80", "sys_u:object_r:base_t:s0"),
        ("genfs", "proc:/kmsg", "sys_u:object_r:page_t:s0"),
        ("genfs", "proc:/sysx", "sys_u:object_r:log_t:s0"),
        ("genfs", "proc://sys", "sys_u:object_r:log_t:s0"),
        ("genfs", "sysfs:/", "sys_u:object_r:base_t:s0"),
        ("fs", "ext4", "sys_u:object_r:old_t:s0"),
        ("fs", "proc", "sys_u:object_r:page_t:s0"),
        ("fs", "none", "sys_u:object_r:base_t:s0"),
        ("sid", "kernel", "sys_u:sys_r:base_t:s0"),
        ("context", "sys_u:object_r:former_t:s0:c2,c1,c0", "sys_u:object_r:page_t:s0:c0.c2"),
    ],
)
def test_labels_of_other_things(policy: Policy, kind: str, obj: str, label: str) -> None:
    assert policy.label(kind, object=obj) == label


@pytest.mark.parametrize(
    ("path", "kind", "label"),
    [
        ("/srv", None, "sys_u:object_r:page_t:s0"),
        ("/srv/a/b", "file", "sys_u:object_r:page_t:s0"),
        ("/srv/log", "dir", "sys_u:object_r:log_t:s0"),
        ("/srv/log", "file", "sys_u:object_r:page_t:s0"),
        ("/srv/log", "link", "sys_u:object_r:page_t:s0"),
        ("/srv/none/a", "file", None),
        ("/etc", None, None),
    ],
)
def test_files(policy: Policy, path: str, kind: str | None, label: str | None) -> None:
    assert policy.file_label(path, kind) == label


def test_an_object_may_be_a_path(policy: Policy) -> None:
    found = policy.query(WEB, "dir:search", "/srv/log")
    assert "/srv/log is sys_u:object_r:log_t:s0" in found.note


def test_an_object_may_be_a_port(policy: Policy) -> None:
    found = policy.query(WEB, "tcp_socket:name_connect", "tcp:81")
    assert "tcp:81 is sys_u:object_r:log_t:s0" in found.note
    with pytest.raises(RequestError):
        policy.query(WEB, "tcp_socket:name_connect", "tcp:x")


def test_changes_of_labels(policy: Policy) -> None:
    old, new = "sys_u:object_r:page_t:s0", "ann_u:object_r:log_t:s0"
    assert policy.validate_transition(old, "sys_u:object_r:log_t:s0", WEB, "file")
    refused = policy.validate_transition(old, new, WEB, "file")
    assert not refused
    assert [rule.text for rule in refused.rules] == [
        "(validatetrans file (or (eq u1 u2) (eq t3 base_t)))"
    ]
    assert policy.validate_transition(old, new, "sys_u:sys_r:base_t:s0", "file")
    assert policy.validate_transition(old, new, WEB, "dir")
    assert policy.validate_transition(old, "x:y:z", WEB, "file").decision == "invalid-context"


@pytest.mark.parametrize(
    ("kind", "words", "fault"),
    [
        ("tranzition", (WEB, PAGE, "file"), UnknownName),
        ("transition", (WEB, PAGE, "fiel"), UnknownName),
        ("transition", (WEB, "x:y:z", "file"), RequestError),
        ("transition", ("web_t", PAGE, "file"), RequestError),
        ("port", ("", "tcp", ""), RequestError),
        ("port", ("", "tcp:70000", ""), RequestError),
        ("port", ("", "tpc:80", ""), UnknownName),
        ("genfs", ("", "proc", ""), RequestError),
        ("context", ("", "x:y", ""), RequestError),
    ],
)
def test_labels_that_nobody_asks_for(
    policy: Policy, kind: str, words: tuple[str, str, str], fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        policy.label(kind, *words)
    with pytest.raises(RequestError):
        policy.file_label("etc")
    with pytest.raises(UnknownName):
        policy.file_label("/etc", "folder")


def test_a_bundle_is_read_back(policy: Policy) -> None:
    again = lsmc.Policy(bytes(policy.data))
    assert again.file_label("/srv") == "sys_u:object_r:page_t:s0"


def test_names_that_are_not_ascii() -> None:
    """Names are compared as bytes, and told as text."""
    policy = compiled(
        "(type a_t) (roletype object_r a_t)\n"
        '(typetransition base_t base_t dir "é" a_t)\n'
        '(filecon "/srv/é" any (sys_u object_r a_t ((s0) (s0))))\n'
    )
    words = ("sys_u:sys_r:base_t:s0", "sys_u:object_r:base_t:s0", "dir")
    found = policy.label("transition", *words, "é")
    assert found is not None
    assert (found, found.rules[0].text) == (
        "sys_u:object_r:a_t:s0",
        '(typetransition base_t base_t dir "é" a_t)',
    )
    assert policy.label("transition", *words, "e") == "sys_u:object_r:base_t:s0"
    assert policy.file_label("/srv/é") == "sys_u:object_r:a_t:s0"
