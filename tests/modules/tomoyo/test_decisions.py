"""What is granted, by which mode, and why."""

from __future__ import annotations

from typing import Any

import pytest

from lsmc.engine.verdict import RequestError, UnknownName
from tests.modules.tomoyo.support import A, asked, decisions, domain, opened


def test_a_line_grants_and_is_named() -> None:
    verdict = asked(opened(domain("file read/write /a")), "file write /a")
    assert (verdict.decision, verdict.granted) == ("allow", ("write",))
    (ref,) = verdict.rules
    assert (ref.file, ref.line, ref.text) == ("domain_policy.conf", 3, "file read/write /a")


@pytest.mark.parametrize(
    ("profile", "decision", "allowed"),
    [
        (0, "disabled", True),
        (1, "learning", True),
        (2, "permissive", True),
        (3, "deny-implicit", False),
    ],
)
def test_modes(profile: int, decision: str, allowed: bool) -> None:
    verdict = asked(opened(domain(profile=profile)), "file read /a")
    assert (verdict.decision, verdict.allowed) == (decision, allowed)


def test_what_is_learned() -> None:
    engine = opened(domain(profile=1))
    attributes = {"exec": EXEC}
    found = asked(engine, "file execute /bin/b", attributes=attributes)
    assert 'adds `file execute /bin/b exec.realpath="/bin/b" exec.argv[0]="b"`' in found.note
    profiles = "1-CONFIG={ mode=learning }\n1-PREFERENCE={ max_learning_entry=2 }\n"
    full = opened(domain("file read/write /a", profile=1), profiles=profiles)
    assert "learns no more" in asked(full, "file read /b").note


def test_the_mode_of_an_access_is_that_of_its_word_then_of_its_category() -> None:
    profiles = """3-CONFIG={ mode=enforcing }
3-CONFIG::file={ mode=permissive }
3-CONFIG::file::open={ mode=enforcing }
"""
    engine = opened(domain(), profiles=profiles)
    lines = ("file read /a", "file append /a", "file unlink /a", "misc env A")
    assert decisions(engine, lines) == ["deny-implicit"] * 2 + ["permissive", "deny-implicit"]


def test_groups_of_lines_follow_the_domain_s_own() -> None:
    exceptions = "acl_group 2 file read @G\npath_group G /x\npath_group G /\\*\n"
    verdict = asked(opened(domain("use_group 2"), exceptions), "file read /a")
    (ref,) = verdict.rules
    assert ref.via == ("domain_policy.conf:3", "exception_policy.conf:3")


def test_the_type_of_a_socket_is_not_compared() -> None:
    engine = opened(domain("network inet dgram bind 127.0.0.1 1000"))
    assert asked(engine, "network inet stream bind 127.0.0.1 1000").allowed
    assert not asked(engine, "network inet stream bind 127.0.0.1 1001").allowed


def test_a_group_that_is_not_there_matches_nothing() -> None:
    assert not asked(opened(domain("file read @NONE")), "file read /a").allowed


def test_the_device_of_a_mount_counts_where_the_kernel_compares_it() -> None:
    engine = opened(domain("file mount /dev/sda1 /mnt/ \\* 0"))
    assert asked(engine, "file mount none /mnt/ tmpfs 0").allowed
    assert not asked(engine, "file mount /dev/sdb1 /mnt/ ext4 0").allowed
    assert asked(engine, "file mount /dev/sda1 /mnt/ ext4 0").allowed


TASK = {"uid": 1000, "gid": 100}
FILE = {"uid": 1000, "gid": 0, "perm": "04755", "type": "file"}


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ("task.uid=1000", True),
        ("task.uid!=1000", False),
        ("task.uid=0-999", False),
        ("0-999=task.gid", True),
        ("path1.uid=task.uid", True),
        ("path1.perm=04755", True),
        ("path1.perm=setuid", True),
        ("path1.perm!=sticky", True),
        ("setgid=path1.perm", False),
        ("task.uid=setuid", False),
        ("path1.type=file", True),
        ("path1.dev_major=0", True),
        ("path2.uid=0", False),
        ("path2.uid!=0", False),
        ("exec.argc=1", False),
        ('symlink.target!="/x"', False),
        ("task.uid=@STAFF", True),
        ("task.uid!=@NONE", True),
        ("0=0", True),
        ("symlink=file", False),
    ],
)
def test_conditions(condition: str, met: bool) -> None:
    engine = opened(domain(f"file read /a {condition}"), "number_group STAFF 1000-1999\n")
    attributes = {"task": TASK, "path1": FILE, "path1.parent": {"uid": 0}}
    assert asked(engine, "file read /a", attributes=attributes).allowed is met


EXEC: dict[str, Any] = {
    "realpath": "/bin/b",
    "argc": 2,
    "envc": 3,
    "argv": ["b", "-x"],
    "envp": ["HOME=/root", "A=", "NOEQ"],
}


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ('exec.realpath="/bin/\\*"', True),
        ('exec.argv[1]="-\\a"', True),
        ('exec.argv[9]="x"', False),
        ('exec.argv[9]!="x"', True),
        ('exec.envp["HOME"]="/\\*"', True),
        ('exec.envp["HOME"]!=NULL', True),
        ('exec.envp["PATH"]=NULL', True),
        ('exec.envp["PATH"]!="x"', True),
        ('exec.envp["A"]=""', True),
        ('exec.envp["NOEQ"]=NULL', True),
        ("exec.argc=2 exec.envc=3", True),
    ],
)
def test_conditions_of_an_execution(condition: str, met: bool) -> None:
    engine = opened(domain(f"file execute /bin/b {condition}"))
    found = asked(engine, "file execute /bin/b", attributes={"exec": EXEC})
    assert found.allowed is met


def test_what_is_not_said_is_asked_for() -> None:
    engine = opened(domain("file read /a task.uid=0"))
    with pytest.raises(RequestError, match=r"conf:3 depends on `task\.uid`"):
        asked(engine, "file read /a")
    assert not asked(engine, "file read /b").allowed


def test_a_line_without_conditions_needs_nothing_to_be_said() -> None:
    assert asked(
        opened(domain("file read /a task.uid=0", "file read /\\*")), "file read /a"
    ).allowed


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("file reed /a", "unknown operation"),
        ("file read /a /b", "needs PATH"),
        ("file read /a\\q", "as the kernel writes it"),
        ("file mkdir /a/ 1-2", "one number"),
        ("network inet dgram listen 127.0.0.1 1", "never asks `listen`"),
        ("network inet tcp bind 127.0.0.1 1", "no type of socket"),
    ],
)
def test_wrong_questions(line: str, message: str) -> None:
    with pytest.raises((RequestError, UnknownName), match=message):
        asked(opened(domain()), line)


def test_a_domain_that_nothing_leads_to_is_unknown() -> None:
    with pytest.raises(UnknownName, match="did you mean `<kernel> /bin/a`"):
        asked(opened(domain()), "file read /a", "<kernel> /bin/aa")


def test_a_task_changes_its_domain_by_a_line_in_every_mode() -> None:
    engine = opened(domain("task manual_domain_transition <kernel> /bin/a //b", profile=0))
    verdict = asked(engine, "task manual_domain_transition <kernel> /bin/a //b")
    assert verdict.transition is not None
    assert verdict.transition.target == f"{A} //b"
    assert not asked(engine, "task manual_domain_transition <kernel>").allowed


def test_whether_it_is_logged() -> None:
    profiles = "3-CONFIG={ mode=enforcing grant_log=no reject_log=no }\n"
    engine = opened(domain("file read /a", "file write /a grant_log=yes"), profiles=profiles)
    lines = ("file read /a", "file write /a", "file append /a")
    assert [asked(engine, line).audited for line in lines] == [False, True, False]
