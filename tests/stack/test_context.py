"""What a context may say, and how it is written."""

from __future__ import annotations

import contextlib
import stat
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsmc.output.layers import context_json
from lsmc.stack.capabilities import ALL, capability_set
from lsmc.stack.context import Context, ContextError
from lsmc.stack.modes import acl_of, acl_of_xattr, acl_text, mode_of
from lsmc.stack.modules import answering, modules_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all", ALL),
        ("none", frozenset()),
        ("CAP_CHOWN, kill", {"chown", "kill"}),
        ("cap_net_raw", {"net_raw"}),
        ("0x3", {"chown", "dac_override"}),
        ("0000000000000021", {"chown", "kill"}),
        ("000001ffffffffff", ALL),
        ("0x0", frozenset()),
    ],
)
def test_ways_to_write_capabilities(text: str, expected: set[str]) -> None:
    assert capability_set(text) == expected


@pytest.mark.parametrize(
    "text", ["", "chown,chwon", "0x20000000000", "all,none", "0x", "1" * 40, "dac", "3"]
)
def test_what_is_no_set_of_capabilities(text: str) -> None:
    with pytest.raises(ValueError, match=r"capability"):
        capability_set(text)


def test_the_capabilities_of_a_user() -> None:
    assert Context().capabilities is None
    assert Context(uid=0).capabilities == ALL
    assert Context(uid=1).capabilities == frozenset()
    assert Context(uid=1, caps=["CAP_KILL"]).capabilities == frozenset(("kill",))
    assert Context(uid=0, caps=()).capabilities == frozenset()


@given(st.integers(0, 0o177777).filter(lambda mode: stat.filemode(mode)[0] != "?"))
def test_modes_as_ls_writes_them(mode: int) -> None:
    assert mode_of(stat.filemode(mode)) == mode
    assert mode_of(stat.filemode(mode) + ".") == mode
    assert mode_of(f"{mode:o}") == mode_of(f"0o{mode:o}") == mode


@pytest.mark.parametrize(
    "text", ["", "8", "rw", "-rwxrwxrw", "200000", "-rw-r--r--+", "-rwtr--r--", "0644 "]
)
def test_what_is_no_mode(text: str) -> None:
    with pytest.raises(ValueError, match=r"mode|list"):
        mode_of(text)


def test_access_control_lists_as_text_and_as_the_attribute() -> None:
    text = "user::rw-,user:1000:r-x,group::r--,group:27:rwx,mask::rw-,other::---"
    acl = acl_of(text)
    assert acl_text(acl) == text
    assert acl_of("u::rw-\nu:1000:r-x\ng::r--\ng:27:rwx\nm::rw-\no::---") == acl
    rows = [(1, 6, -1), (2, 5, 1000), (4, 4, -1), (8, 7, 27), (16, 6, -1), (32, 0, -1)]
    packed = b"".join(struct.pack("<HHi", *row) for row in rows)
    assert acl_of_xattr(struct.pack("<I", 2) + packed) == acl


@pytest.mark.parametrize(
    "text",
    [
        "user::rw-",
        "user::rw-,group::r--,other::r--,user:3:rwx",
        "user::rw-,group::r--,other::r--,other::r--",
        "user::rw-,group::r--,other:3:r--",
        "user:ann:rw-",
    ],
)
def test_what_is_no_access_control_list(text: str) -> None:
    with pytest.raises(ValueError, match=r"access control list|takes no number"):
        acl_of(text)


@given(st.binary(max_size=60))
def test_damaged_attributes_are_refused_or_read(data: bytes) -> None:
    for prefix in (b"", struct.pack("<I", 2)):
        with contextlib.suppress(ValueError):
            acl_of_xattr(prefix + data)


@pytest.mark.parametrize(
    "text",
    [
        "capability",
        "lockdown,capability,landlock,yama,apparmor,bpf,ima,evm",
        "capability,yama,tomoyo,smack\n",
    ],
)
def test_lists_of_modules(text: str) -> None:
    assert ",".join(modules_of(text)) == text.strip()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "first"),
        ("apparmor", "first"),
        ("yama,capability", "first"),
        ("lockdown,yama,capability", "first"),
        ("capability,apparmor,selinux", "exclude"),
        ("capability,smack,apparmor", "exclude"),
        ("capability,yama,yama", "twice"),
        ("capability,grsecurity", "not a security module"),
    ],
)
def test_lists_that_no_kernel_has(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        modules_of(text)


def test_modules_that_answer_a_hook() -> None:
    modules = modules_of("lockdown,capability,landlock,yama,apparmor,bpf")
    assert answering("file_open", None) == ("apparmor",)
    assert answering("file_open", modules) == ("landlock", "apparmor", "bpf")
    assert answering("ptrace_access_check", modules) == ("landlock", "yama", "apparmor", "bpf")
    assert answering("setprocattr", modules) == ("apparmor",)
    assert answering("file_lock", modules_of("capability,yama")) == ()


def test_a_context_from_json() -> None:
    values = {
        "uid": 1,
        "gid": 2,
        "groups": [3, 4],
        "caps": "kill",
        "owner": 5,
        "group": None,
        "mode": "-rw-------",
        "dir_owner": 0,
        "dir_mode": "1777",
        "lsm": ["capability"],
    }
    found = Context.of(values)
    assert found == Context(
        1,
        2,
        groups=frozenset((3, 4)),
        caps=frozenset(("kill",)),
        owner=5,
        mode=0o100600,
        dir_owner=0,
        dir_mode=0o1777,
        lsm=("capability",),
    )
    assert Context.of(context_json(found)) == found


@pytest.mark.parametrize(
    "values",
    [
        {"user": 1},
        {"uid": "1"},
        {"uid": -1},
        {"uid": 2**32 - 1},
        {"uid": True},
        {"mode": 420},
        {"mode": "rwx"},
        {"groups": ["a"]},
        {"groups": "a"},
        {"groups": [2**40]},
        {"groups": list(range(70000))},
        {"caps": [1]},
        {"caps": 3},
        {"caps": ["none"]},
        {"acl": []},
        {"dir_mode": "-rw-r--r--"},
        {"lsm": "apparmor"},
        {"lsm": 1},
    ],
)
def test_what_is_no_context(values: dict[str, Any]) -> None:
    with pytest.raises(ContextError):
        Context.of(values)


plain = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats()
json_values = plain | st.lists(plain, max_size=3) | st.dictionaries(st.text(max_size=3), plain)
keys = st.sampled_from(("uid", "groups", "caps", "mode", "acl", "dir_mode", "lsm", "owner", "x"))


@given(st.dictionaries(keys, json_values, max_size=4))
def test_any_json_is_a_context_or_refused(values: dict[str, Any]) -> None:
    with contextlib.suppress(ContextError):
        Context.of(values)
