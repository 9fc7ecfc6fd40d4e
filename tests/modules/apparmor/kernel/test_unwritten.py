"""What policy says and a stream does not is told; what the features have is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.kernel.render import render
from tests.modules.apparmor.kernel.reader import Profile, read
from tests.modules.apparmor.kernel.test_render import FEATURES

FLAGS = "policy {profile {kill.signal {yes} error {yes} interruptible {yes}}}\n"
FINE = "network_v8 {af_inet {yes}} network {af_unix {yes}}\n"


def made(folder: Path, policy: str, more: str = "") -> tuple[list[str], Profile]:
    """What is said of a policy under some features, and its first profile."""
    (folder / "features").write_text(FEATURES + more)
    (folder / "p").write_text("abi <features>,\n" + policy)
    options = Options(str(folder), features=str(folder / "features"))
    (file,) = render([str(folder / "p")], options, 1)
    assert {one.severity for one in file.diagnostics} <= {"warning"}
    return [one.message for one in file.diagnostics], next(read(file.data))


@pytest.mark.parametrize(
    ("policy", "more", "said"),
    [
        ("profile a flags=(kill.signal=term) { }", "", "the flag `kill.signal` of `a`"),
        ("profile a flags=(error=EPERM) { }", "", "the flag `error` of `a`"),
        ("profile a flags=(attach_disconnected.ipc) { }", FLAGS, "`attach_disconnected.ipc`"),
        ('profile a /a* xattrs=(user.x="y") { }', "", "`xattrs=` of `a`"),
        ("profile a { network inet stream ip=::1, }", FINE, "`network inet stream ip=::1,` loses"),
        ("profile a { prompt /a r, }", "", "`prompt /a r,` is not written: it is denied"),
    ],
)
def test_what_is_left_out_is_told(tmp_path: Path, policy: str, more: str, said: str) -> None:
    messages, _ = made(tmp_path, policy, more)
    assert [said in message for message in messages] == [True]


def test_old_networks_are_not_written(tmp_path: Path) -> None:
    (tmp_path / "features").write_text("network {af_mask {inet}}\n")
    (tmp_path / "p").write_text("abi <features>,\nprofile a { network inet, }\n")
    options = Options(str(tmp_path), features=str(tmp_path / "features"))
    (file,) = render([str(tmp_path / "p")], options, 1)
    assert "rules for networks of `a` are not written" in file.diagnostics[0].message


@pytest.mark.parametrize(
    ("flag", "field"),
    [
        ("kill.signal=term", {"kill": 15}),
        ("error=EPERM", {"error": 1}),
        ("interruptible", {"flags": [8, 0, 0]}),
    ],
)
def test_flags_that_the_kernel_has(tmp_path: Path, flag: str, field: dict[str, Any]) -> None:
    messages, profile = made(tmp_path, f"profile a flags=({flag}) {{ /x r, }}", FLAGS)
    assert messages == []
    assert field.items() <= profile.fields.items()


def test_sockets_by_their_addresses(tmp_path: Path) -> None:
    """The strings of the compiler of 4.1.0, each with what it allows."""
    policy = """profile a {
      unix (create, bind, listen, setopt) type=stream addr=@a\\000b,
      unix (send) type=stream addr=none peer=(addr=@c label=q),
      deny unix (connect) type=stream,
    }"""
    messages, profile = made(tmp_path, policy, FINE)
    assert messages == []
    assert profile.other is not None
    start = b"\x0e\0\x01\0\x01\0\0"
    for text, allow in (
        (b"\x04", 0x04),
        (b"\x04\0\x01", 0x04),
        (start, 0x10),
        (start + b"\0a\0b\0\0", 1 << 17),
        (start + b"\0a\0b\0label\0\x02\0\0", 1 << 18),
        (start + b"\0a\0b\0\0\x04\0\x07", 1 << 19),
        (start + b"\0a\0\0", 0),
        (start + b"\x01\0\0\x01\0c\0q", 0x02),
        (start + b"\x01\0\0\x01\0c\0r", 0),
    ):
        assert profile.other.words(profile.other.match(text))[0] == allow, text
    refused = profile.other.match(start + b"\0x\0\0\x01\x01\0q")
    assert profile.other.words(refused) == (0, 0x40 << 7)
