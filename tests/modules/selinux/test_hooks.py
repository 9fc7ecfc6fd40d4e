"""What SELinux is asked of operations whose requests its policy tells."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

import lsmc
from lsmc.module_stack import ModuleStack
from lsmc.modules.selinux.hooks import calls
from lsmc.stack.calls import KernelCall, class_of
from lsmc.stack.context import Context

WEB = "system_u:system_r:web.process_t:s0"
INIT = "system_u:system_r:init.process_t:s0"
LOG = "/var/log/webd"
LOG_FILE = "system_u:object_r:web.log_t:s0"


@cache
def samples() -> lsmc.Policy:
    return lsmc.compile(["profiles/selinux"])


def _asked(op: str, obj: str, subject: str = WEB, **given: Any) -> list[tuple[str, str, str]]:
    """Hooks, requests and objects."""
    names = ("target", "type", "peer_port", "family", "protocol")
    fields = {name: given.pop(name) for name in names if name in given}
    call = KernelCall(op, class_of(op, obj, fields), obj, fields, labels=samples())
    found = calls(call._replace(subject=subject, **given))
    return [(one.hook, one.request["op"], one.request["object"]) for one in found]


def _layers(op: str, obj: str, subject: str = WEB, **rest: Any) -> list[str]:
    found = ModuleStack({"selinux": samples()}).query({"selinux": subject}, op, obj, **rest)
    signs = {"allow": "+", "deny": "-", "not-reached": "."}
    layers = [one for one in found.chain if one.layer == "selinux"]
    return [f"{one.test} {signs[one.verdict]}" for one in layers]


@pytest.mark.parametrize(
    ("op", "hook", "asks", "label"),
    [
        ("create", "inode_create", "file:create", LOG_FILE),
        ("mkdir", "inode_mkdir", "dir:create", LOG_FILE),
        ("symlink", "inode_symlink", "lnk_file:create", LOG_FILE),
    ],
)
def test_what_is_made_has_the_label_of_the_policy(
    op: str, hook: str, asks: str, label: str
) -> None:
    assert _asked(op, f"{LOG}/error.log") == [
        ("inode_permission", "dir:write,search", LOG),
        (hook, "dir:search,add_name", LOG),
        (hook, asks, label),
    ]


def test_a_node_is_of_the_class_of_its_mode() -> None:
    found = _asked("mknod", f"{LOG}/f", context=Context(mode=0o140600))
    assert found[-1] == ("inode_mknod", "sock_file:create", LOG_FILE)


def test_creating_is_judged() -> None:
    """Logs may be made, directories not; nothing may be put into `/etc`."""
    assert _layers("create", f"{LOG}/x") == ["inode_permission +", *["inode_create +"] * 2]
    assert _layers("mkdir", f"{LOG}/x/")[-2:] == ["inode_mkdir +", "inode_mkdir -"]
    assert _layers("create", "/etc/x")[0] == "inode_permission -"


def test_an_execution_that_changes_the_domain() -> None:
    program = "/usr/sbin/webd"
    hook = "bprm_creds_for_exec"
    assert _asked("exec", program, INIT) == [
        ("inode_permission", "file:execute", program),
        ("file_open", "file:read,open", program),
        (hook, "process:transition", WEB),
        (hook, "file:entrypoint", program),
    ]
    entry = calls(KernelCall("exec", "file", program, {}, subject=INIT, labels=samples()))[-1]
    assert entry.request["subject"] == WEB


def test_an_execution_that_stays() -> None:
    """However the own context is written."""
    for own in (WEB, f"{WEB}-s0"):
        found = _asked("exec", "/usr/lib/tool", own)
        assert found[-1] == ("bprm_creds_for_exec", "file:execute_no_trans", "/usr/lib/tool")
    assert _layers("exec", "/usr/lib/tool")[-1] == "bprm_creds_for_exec -"


def test_renaming_asks_both_directories() -> None:
    where = {"target": "/run/new"}
    assert _asked("rename", "/etc/old", **where) == [
        ("inode_permission", "dir:write,search", "/etc"),
        ("inode_permission", "dir:write,search", "/run"),
        ("inode_rename", "dir:remove_name,search", "/etc"),
        ("inode_rename", "file:rename", "/etc/old"),
        ("inode_rename", "dir:add_name,search", "/run"),
    ]
    moved = _asked("rename", "/etc/old/", target="/run/new/")
    assert ("inode_rename", "dir:reparent", "/etc/old/") in moved
    within = _asked("rename", "/etc/old/", target="/etc/new/")
    assert [op for _, op, _ in within].count("dir:write,search") == 1
    assert "dir:reparent" not in {op for _, op, _ in within}


def test_a_link_asks_its_directory_and_the_file() -> None:
    assert _asked("link", "/run/new", target="/etc/old")[1:] == [
        ("inode_link", "dir:search,add_name", "/run"),
        ("inode_link", "file:link", "/etc/old"),
    ]


def test_labels_that_are_not_known() -> None:
    with pytest.raises(lsmc.RequestError, match=r"give that of `web\.process_t`"):
        _asked("exec", "/usr/lib/tool", "web.process_t")
    with pytest.raises(lsmc.RequestError, match="the policy gives no label to `/nowhere`"):
        _asked("mkdir", "/nowhere/x")
    labels = {"label": LOG_FILE, "directory": LOG_FILE, "target": "/run/x"}
    with pytest.raises(lsmc.RequestError, match="the label of the directory is not given"):
        _asked("rename", "/etc/old", **labels)


@pytest.mark.parametrize(
    ("op", "obj", "kind", "asks"),
    [
        ("socket_create", "inet", "stream", "tcp_socket:create"),
        ("listen", "inet6", "stream", "tcp_socket:listen"),
        ("send", "inet", "stream", "tcp_socket:write"),
        ("socket_create", "unix", "seqpacket", "unix_stream_socket:create"),
        ("accept", "@s", "stream", "unix_stream_socket:accept"),
    ],
)
def test_a_socket_of_ones_own(op: str, obj: str, kind: str, asks: str) -> None:
    ((_, asked, label),) = _asked(op, obj, type=kind)
    assert (asked, label) == (asks, WEB)


def test_a_connection_asks_for_the_port() -> None:
    found = _asked("connect", "inet", type="stream", peer_port="80")
    assert found[1] == ("socket_connect", "tcp_socket:name_connect", "tcp:80")
    rest = {"type": "stream", "peer_port": "80"}
    assert _layers("connect", "inet", **rest) == ["socket_connect -", "socket_connect ."]
    assert _layers("socket_create", "inet", type="stream") == ["socket_create +"]
    with pytest.raises(lsmc.RequestError, match="give `peer_port=`"):
        _asked("connect", "inet", type="stream")


@pytest.mark.parametrize(
    ("op", "obj", "fields"),
    [
        ("bind", "inet", {"type": "stream"}),
        ("connect", "/run/s", {"type": "stream"}),
        ("send", "@s", {"type": "dgram"}),
        ("socket_create", "netlink", {"type": "raw"}),
        ("socket_create", "inet", {"type": "stream", "protocol": "sctp"}),
    ],
)
def test_sockets_that_are_not_translated(op: str, obj: str, fields: dict[str, str]) -> None:
    with pytest.raises(lsmc.RequestError, match="is not translated: ask it alone"):
        _asked(op, obj, **fields)
    with pytest.raises(lsmc.RequestError, match="give `type=`"):
        _asked("listen", "inet")
