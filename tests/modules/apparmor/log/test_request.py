"""What a record of each class asks, and that the rule it asks for answers it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import lsmc
from lsmc.explain.diagnosis import Asked
from lsmc.modules.apparmor.log.parse import parse
from lsmc.modules.apparmor.log.record import Record
from lsmc.modules.apparmor.log.request import asked
from lsmc.modules.apparmor.log.subjects import subjects

FEATURES = """file {mask {create read write exec append mmap_exec link lock
}
}
caps {mask {chown
}
}
network {af_unix {yes
}
}
network_v8 {af_inet {yes
}
}
mount {mask {mount umount pivot_root
}
}
dbus {mask {acquire send receive
}
}
signal {mask {hup
}
}
ptrace {mask {read trace
}
}
domain {change_profile {yes
}
}
namespaces {mask {userns_create
}
}
io_uring {mask {sqpoll override_creds
}
}
ipc {posix_mqueue {create
}
}
"""
HEAD = 'type=AVC msg=audit(1.002:3): apparmor="DENIED" profile="p" '


def question(pairs: str, head: str = HEAD) -> Asked:
    record = parse(head + pairs)
    assert record is not None
    return asked(record)


#: The pairs of a record, and the rule that allows just what it asks.
CASES = [
    ('operation="open" name="/a" denied_mask="wr" fsuid=1 ouid=0', "/a rw,"),
    ('operation="open" name="/a" denied_mask="wc" fsuid=1 ouid=1', "owner /a w,"),
    ('operation="mknod" class="file" name="/a" denied_mask="c" fsuid=1 ouid=1', "owner /a w,"),
    ('operation="unlink" name="/a" denied_mask="d"', "/a w,"),
    ('operation="rename_src" name="/a" denied_mask="wrd"', "/a rw,"),
    ('operation="inode_permission" name="/a" denied_mask="r::" fsuid=1', "owner /a r,"),
    ('operation="inode_permission" name="/a" denied_mask="::r" fsuid=1 ouid=1', "/a r,"),
    ('operation="file_lock" name="/a" requested_mask="k"', "/a k,"),
    ('operation="open" name="/a" denied_mask="a"', "/a a,"),
    ('operation="file_mmap" name="/a" denied_mask="mr"', "/a mr,"),
    ('operation="exec" name="/a" denied_mask="x" target="p//null-/a"', "/a ix,"),
    ('operation="exec" name="/a" denied_mask="mrwIxl"', "/a mrwlix,"),
    ('operation="strange" name="/a" denied_mask="r"', "/a r,"),
    ('operation="link" name="/a" denied_mask="l" target="/b"', "/a l,"),
    ('operation="link" name="/a" denied_mask="l" target="/b"', "link /a -> /b,"),
    ('operation="capable" capability=0 capname="chown"', "capability chown,"),
    (
        'operation="create" class="net" family="inet" sock_type="dgram" denied="create"',
        "network (create) inet dgram,",
    ),
    ('operation="sendmsg" family="inet" sock_type="stream" protocol=6', "network inet stream,"),
    (
        (
            'operation="connect" class="net" family="unix" sock_type="stream" protocol=0'
            ' denied="send connect" addr=none peer_addr="@x" peer="q"'
        ),
        "unix (send, connect) type=stream peer=(addr=@x label=q),",
    ),
    (
        'operation="bind" class="net" family="unix" sock_type="dgram" denied="bind" addr="@srv"',
        "unix (bind) type=dgram addr=@srv,",
    ),
    (
        (
            'operation="dbus_method_call" bus="system" path="/a" member="D" mask="send"'
            ' peer_label="q"'
        ),
        "dbus send bus=system path=/a member=D peer=(label=q),",
    ),
    (
        'operation="dbus_bind" bus="session" name="a.B" mask="bind"',
        "dbus bind bus=session name=a.B,",
    ),
    (
        'operation="dbus_eavesdrop" bus="session" path="/a" mask="eavesdrop" name="x"',
        "dbus eavesdrop bus=session,",
    ),
    ('operation="signal" denied_mask="send" signal=term peer="q"', "signal send set=term peer=q,"),
    (
        'operation="signal" denied_mask="receive" signal=hup peer="unconfined"',
        "signal receive set=hup peer=unconfined,",
    ),
    ('operation="ptrace" denied_mask="read" peer="q"', "ptrace read peer=q,"),
    ('operation="ptrace" requested_mask="trace" peer="q"', "ptrace trace peer=q,"),
    ('operation="ptrace" denied_mask="tracedby" peer="p"', "ptrace tracedby peer=p,"),
    (
        'operation="mount" name="/m/" fstype="tmpfs" srcname="none" flags="rw, nosuid"',
        "mount fstype=tmpfs options=(rw, nosuid) none -> /m/,",
    ),
    (
        'operation="mount" name="/m/" srcname="/s/" flags="rw, rbind"',
        "mount options=(rw, rbind) /s/ -> /m/,",
    ),
    ('operation="mount" name="/m/" flags="ro, remount"', "mount options=(ro, remount) -> /m/,"),
    ('operation="umount" class="mount" name="/m/"', "umount /m/,"),
    ('operation="pivotroot" name="/n/" srcname="/n/o/"', "pivot_root oldroot=/n/o/ /n/,"),
    ('operation="change_profile" target="q"', "change_profile -> q,"),
    ('operation="change_onexec" name="q"', "change_profile -> q,"),
    ('operation="userns_create" class="namespace" denied="userns_create"', "userns create,"),
    ('operation="uring_sqpoll" class="io_uring" denied="sqpoll"', "io_uring sqpoll,"),
    (
        'operation="uring_override" class="io_uring" denied="override_creds" tcontext="q"',
        "io_uring override_creds label=q,",
    ),
    (
        'operation="open" class="posix_mqueue" name="/q" denied="open read"',
        "mqueue (open, read) type=posix /q,",
    ),
    (
        'operation="sysv_mqueue" class="sysv_mqueue" name="5" requested="create"',
        "mqueue create type=sysv 5,",
    ),
]


@pytest.mark.parametrize(("pairs", "rule"), CASES)
def test_rule_answers(tmp_path: Path, pairs: str, rule: str) -> None:
    """The rule that a record asks for allows it, and an empty profile denies it."""
    features = tmp_path / "features"
    features.write_text(FEATURES)
    requests = question(pairs).requests
    assert requests
    for body, expected in ((rule, True), ("", False)):
        policy = lsmc.compile_text(f"profile p {{\n  {body}\n}}\n", features=str(features))
        assert [policy.answer(request).allowed for request in requests] == [expected]


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        ('operation="open" class="file" denied_mask="r"', "the record names no file"),
        ('operation="open" name="/a"', "the record does not say what was denied"),
        ('operation="ptrace" denied_mask="read"', "the record names no peer"),
        ('operation="ptrace" peer="q"', "the record does not say what was denied"),
        ('operation="change_onexec" name="q" info="label not found"', "there was no profile q"),
        ('operation="change_profile" target="q" info="no new privs"', "the task has no_new_privs"),
        (
            'operation="open" name="a" info="Failed name lookup - disconnected path"',
            "a disconnected path",
        ),
        ('operation="signal" signal=term peer="q"', "the record does not say what was denied"),
        (
            'operation="open" name="@{run}/x" denied_mask="r"',
            "the name begins with the variable @{run} of policy",
        ),
        ('operation="open" name="etc/x" denied_mask="r"', "the name is not a path"),
        ('operation="capable"', "the record names no capability"),
        ('operation="something"', "the operation something asks no rule"),
    ],
)
def test_no_question(pairs: str, reason: str) -> None:
    """A record that no rule can answer says so."""
    found = question(pairs)
    assert found.requests == ()
    assert found.reason.startswith(reason)


def test_other_kinds() -> None:
    """Status messages and records without a profile ask nothing."""
    status = 'type=AVC msg=audit(1.2:3): apparmor="STATUS" profile="p" name="x"'
    assert question("", status).reason == "a record of kind status asks nothing"
    nobody = 'type=AVC msg=audit(1.2:3): apparmor="DENIED" name="/x" denied_mask="r"'
    assert question("", nobody).reason == "the record names no profile"


@pytest.mark.parametrize(
    "pairs",
    [
        'operation="open" name="/tmp/@{rand6}" denied_mask="r"',
        'operation="link" name="/a" target="@{d}/b" denied_mask="l"',
    ],
)
def test_names_that_may_hold_variables(pairs: str) -> None:
    """A file may be called so: it is asked, with a remark."""
    found = question(pairs)
    assert found.requests
    assert found.reason.startswith("the name holds `@{")
    plain = pairs.replace("@{", "@(").replace('name="', 'profile="@{p}" name="')
    assert question(plain).reason == ""


def test_halves() -> None:
    """An old mask may ask for the owner and for others."""
    requests = question('operation="open" name="/a" denied_mask="r::w"').requests
    assert [(r["perms"], r["owner"]) for r in requests] == [(["r"], True), (["w"], False)]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"profile": "a"}, ("a",)),
        ({"profile": "a//hat"}, ("a//hat",)),
        ({"profile": "a//null-/bin/x"}, ("a//null-/bin/x", "a")),
        ({"profile": "a//h//null-1//null-2"}, ("a//h//null-1//null-2", "a//h")),
        ({"profile": ":ns://a"}, (":ns://a",)),
        ({"profile": ":ns:a"}, (":ns://a",)),
        ({"profile": "a//&:ns:b"}, ("a//&:ns://b",)),
        ({"profile": ":ns:a//&b"}, (":ns://a//&b",)),
        ({"profile": "a//&b", "namespace": "root//ns"}, (":ns://a//&:ns://b",)),
        ({"profile": "a//&b"}, ("a//&b",)),
        ({"profile": "a", "namespace": "root//ns"}, (":ns://a",)),
        ({"profile": "a", "namespace": "root//ns//in"}, (":ns//in://a",)),
        ({"profile": "a//null-x", "namespace": "root//ns"}, (":ns://a//null-x", ":ns://a")),
        (
            {
                "profile": "unconfined",
                "class_": "namespace",
                "namespace": "root//n",
                "execpath": "/x",
            },
            (":n://unconfined",),
        ),
        ({"profile": "a", "namespace": "root"}, ("a",)),
        ({"profile": "unconfined", "class_": "namespace", "execpath": "/bin/x"}, ("/bin/x",)),
        ({}, ()),
    ],
)
def test_subjects(record: dict[str, Any], expected: tuple[str, ...]) -> None:
    """The names that a subject may have in a policy."""
    assert subjects(Record(**record)) == expected


def test_put_to() -> None:
    """The requests go to the first name that the policy knows."""
    found = question('profile="a//null-x" operation="open" name="/a" denied_mask="r"')
    assert [r["subject"] for r in found.put_to({"a"}.__contains__)] == ["a"]
    assert [r["subject"] for r in found.put_to({"b"}.__contains__)] == ["a//null-x"]


def test_other_operations() -> None:
    """Hats and limits are operations of their own."""
    assert question('operation="change_hat" name2="p//h"').requests == (
        {"subject": "p", "op": "change_hat", "object": "h"},
    )
    assert question('operation="setrlimit" rlimit=nofile value=9').requests == (
        {"subject": "p", "op": "setrlimit", "object": "nofile", "value": "9"},
    )
