"""Rules that come close in classes of several fields, and mount rules on the wrong side."""

from __future__ import annotations

from typing import Any

import pytest

import lsmc
from lsmc.explain.explanation import Miss
from lsmc.modules.apparmor.analysis.kernel_objects import is_requestable
from lsmc.modules.apparmor.classes import MOUNT


def misses(rules: str, op: str, obj: str, **fields: Any) -> list[Miss]:
    policy = lsmc.compile_text(f"profile p {{\n{rules}\n}}")
    found = policy.explain("p", op, obj, **fields)
    assert not found.verdict.allowed
    return list(found.misses)


def test_flags_are_compared_as_a_set() -> None:
    rules = "mount options=(ro,remount,bind,nodev) -> /a/,"
    (miss,) = misses(rules, "mount", "/a/", options="ro,remount,bind,noexec")
    assert (miss.field, miss.as_set, miss.value) == ("options", True, "ro, noexec, remount, bind")
    assert (miss.matched, miss.expected) == ("ro, remount, bind", "nodev")
    assert miss.example == "ro, nodev, remount, bind"


def test_the_nearest_flags_of_a_rule_are_shown() -> None:
    rules = "mount options in (ro,nosuid,nodev) fstype=ext4 -> /a/,"
    asked = {"options": "ro,noexec", "fstype": "ext4", "source": "/dev/sdb"}
    (miss,) = misses(rules, "mount", "/a/", **asked)
    assert (miss.matched, miss.expected) == ("ro", "")


def test_a_mount_of_another_kind_is_not_close() -> None:
    rules = "mount options=(rw,rslave) -> /,\nmount options=(bind) /x/ -> /,"
    assert misses(rules, "mount", "/", options="ro,remount,noatime,bind") == []


@pytest.mark.parametrize("given", ["ro,remount,bind", "ro,remount", "remount,noatime"])
def test_a_rule_that_names_the_path_as_its_source(given: str) -> None:
    rule = f"mount options=({given}) /srv/x/,"
    found = misses(
        f"{rule}\nmount options=(ro,remount,sync) /srv/x/,", "mount", "/srv/x/", options=given
    )
    (side,) = [miss for miss in found if miss.kind == "side"]
    mended = f"mount options=({given}) -> /srv/x/,"
    assert (side.rule.text, side.field, side.matched, side.example) == (
        rule,
        "mountpoint",
        "source",
        mended,
    )
    policy = lsmc.compile_text(f"profile p {{\n{mended}\n}}")
    assert policy.query("p", "mount", "/srv/x/", options=given).allowed


def test_a_new_mount_on_the_wrong_side() -> None:
    asked = {"fstype": "tmpfs", "source": "tmpfs", "options": "rw"}
    policy = lsmc.compile_text("profile p {\nmount fstype=tmpfs options=(rw) /t/,\n}")
    mend, exact = policy.explain("p", "mount", "/t/", **asked).suggestions
    assert (mend.kind, mend.rule, mend.line) == (
        "mend",
        "mount fstype=tmpfs options=(rw) -> /t/,",
        2,
    )
    assert mend.replaces is not None
    assert exact.kind == "exact"


def test_the_flags_alone_where_no_rule_has_the_path() -> None:
    rules = "mount options=(ro,remount,bind) /[^x]*/,"
    found = misses(rules, "mount", "/", options="ro,remount,bind")
    assert [(miss.kind, miss.value) for miss in found] == [("side", "/a/")]


def test_names_are_compared_by_their_parts() -> None:
    rules = "dbus send bus=system path=/org/x interface=org.freedesktop.DBus.Properties member=Get,"
    asked = {"bus": "system", "path": "/org/x", "member": "Get"}
    (miss,) = misses(rules, "dbus_send", "o.x", interface="org.freedesktop.DBus.Peer", **asked)
    assert (miss.field, miss.matched, miss.expected) == (
        *("interface", "org.freedesktop.DBus.", "Properties"),
    )
    asked = {"bus": "system", "interface": "org.freedesktop.DBus.Properties", "member": "Get"}
    (miss,) = misses(rules, "dbus_send", "o.x", path="/org/xy", **asked)
    assert (miss.field, miss.matched, miss.expected) == ("path", "/org/", "x")


def test_two_fields_where_no_rule_differs_in_one() -> None:
    near = "dbus send bus=system path=/a interface=x.y member=Set peer=(label=q),"
    far = "dbus send bus=session path=/b interface=x.z member=Set peer=(label=r),"
    asked = {"bus": "system", "path": "/a", "interface": "x.y", "member": "Get", "label": "s"}
    (miss,) = misses(f"{far}\n{near}", "dbus_send", "o.x", **asked)
    assert (miss.rule.text, miss.field, miss.example) == (near, "label", "q")
    assert [(one.field, one.value, one.example) for one in miss.others] == [
        ("member", "Get", "Set")
    ]
    one = near.replace("label=q", "label=s")
    (miss,) = misses(f"{near}\n{one}", "dbus_send", "o.x", **asked)
    assert (miss.rule.text, miss.others) == (one, ())


@pytest.mark.parametrize(
    ("key", "real"),
    [
        (b"/a\0\0\0ro,remount,", True),
        (b"/a\0x\0\0ro,remount,", False),
        (b"/a\0\0ext4\0ro,remount,", False),
        (b"/a\0\0\0rec,private,", True),
        (b"/a\0/s\0\0rec,private,", False),
        (b"/a\0/s\0\0bind,rec,", True),
        (b"/a\0\0\0bind,", False),
        (b"/a\0/s\0ext4\0bind,", False),
        (b"/a\0/s\0ext4\0ro,", True),
        (b"/a\0/s\0\0move,", True),
        (b"/a\0\0\0move,", True),  # what was detached has no source
        (b"/a\0/s\0ext4\0move,", False),
    ],
)
def test_which_mounts_there_are(key: bytes, real: bool) -> None:
    """Checked against what apparmor_sb_mount passes on; see `tests/kernel` for the rest."""
    assert is_requestable(MOUNT, key) is real
