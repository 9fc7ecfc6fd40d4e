"""What policy says and a stream does not is told; what the features have is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lsmc.base.diagnostics import PolicyError
from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.kernel.render import render
from tests.modules.apparmor.kernel.reader import Profile, read
from tests.modules.apparmor.kernel.test_render import FEATURES

FLAGS = """policy {profile {kill.signal {yes} error {yes} interruptible {yes}}}
domain {disconnected.ipc {yes} identity {yes}}
"""
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
        ("profile a flags=(kill.signal=term) { }", "", "`kill.signal` of `a`"),
        ("profile a flags=(error=EPERM) { }", "", "`error` of `a`"),
        ("profile a flags=(attach_disconnected.ipc=/q) { }", "", "`domain/disconnected.ipc`"),
        ("profile a + identities=(i) { }", "", "`identities` of `a`"),
        ("profile a { network inet label=x, }", FINE, "`network inet label=x,` loses `label`"),
        ("profile a { prompt /a r, }", "", "`prompt /a r,` is not written, which needs"),
    ],
)
def test_what_is_left_out_is_told(tmp_path: Path, policy: str, more: str, said: str) -> None:
    messages, _ = made(tmp_path, policy, more)
    assert [said in message for message in messages] == [True]


@pytest.mark.parametrize(
    ("flag", "field"),
    [
        ("kill.signal=term", {"kill": 15}),
        ("error=EPERM", {"error": 1}),
        ("interruptible", {"flags": [8, 0, 0]}),
        ("attach_disconnected.ipc", {"path_flags": 0x20}),
        ("attach_disconnected.ipc=/q", {"path_flags": 0x20, "disconnected_ipc": "/q"}),
    ],
)
def test_flags_that_the_kernel_has(tmp_path: Path, flag: str, field: dict[str, Any]) -> None:
    messages, profile = made(tmp_path, f"profile a flags=({flag}) {{ /x r, }}", FLAGS)
    assert messages == []
    assert field.items() <= profile.fields.items()


@pytest.mark.parametrize("lacking", ["outofband {0x000001}", "attach_conditions {xattr {yes}}"])
def test_conditions_that_a_kernel_lacks(tmp_path: Path, lacking: str) -> None:
    (tmp_path / "features").write_text(FEATURES.replace(lacking, ""))
    (tmp_path / "p").write_text("abi <features>,\nprofile a /a* xattrs=(user.x) { }\n")
    options = Options(str(tmp_path), features=str(tmp_path / "features"))
    (file,) = render([str(tmp_path / "p")], options, 1)
    (told,) = file.diagnostics
    assert "`xattrs=` of `a` is not written" in told.message
    assert "xattrs" not in next(read(file.data)).fields


def test_identities(tmp_path: Path) -> None:
    messages, profile = made(tmp_path, "profile a + identities=(i, j.k) { /x r, }", FLAGS)
    assert messages == []
    assert profile.fields["identity"] == ["i", "j.k"]


def test_classes_that_the_kernel_lacks_are_told_once(tmp_path: Path) -> None:
    """Of a run, with the first rule; not those that policy does not count on."""
    (tmp_path / "features").write_text(FEATURES)
    (tmp_path / "abi").write_text(FEATURES + "dbus {mask {send}} io_uring {mask {sqpoll}}\n")
    texts = {
        "one": "abi <abi>,\nprofile a { /x r, dbus send, dbus receive, signal, }\n",
        "two": "abi <abi>,\nprofile b { dbus, io_uring, userns, }\nprofile c { io_uring, }\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    options = Options(str(tmp_path), features=str(tmp_path / "features"))
    made = list(render([str(tmp_path / name) for name in texts], options, 2))
    told = [(one.severity, one.file, one.line, one.message) for f in made for one in f.diagnostics]
    end = ": rules that need it are not enforced"
    assert told == [
        ("info", str(tmp_path / "one"), 2, f"the kernel lacks `dbus`{end}"),
        ("info", str(tmp_path / "two"), 2, f"the kernel lacks `io_uring`{end}"),
    ]
    (two,) = render([str(tmp_path / "two")], Options(str(tmp_path)), 1)
    assert two.diagnostics == ()


@pytest.mark.parametrize("text", ["", "root:x:0:0:root:/root:/bin/sh\n"])
def test_features_of_no_kernel_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "features").write_text(text)
    (tmp_path / "p").write_text("profile a { /x r, }\n")
    options = Options(features=str(tmp_path / "features"))
    with pytest.raises(PolicyError, match="features` does not tell the features of a kernel"):
        list(render([str(tmp_path / "p")], options, 1))


def test_rules_that_a_kernel_widens_are_told(tmp_path: Path) -> None:
    """The first for each feature, of which the abi has all."""
    (tmp_path / "abi").write_text(FEATURES + FINE)
    (tmp_path / "features").write_text(FEATURES)
    (tmp_path / "p").write_text("""abi <abi>,
profile a {
  network inet ip=::1, network inet port=4,
  unix type=stream addr=@x, unix type=dgram,
}
""")
    options = Options(str(tmp_path), features=str(tmp_path / "features"))
    (file,) = render([str(tmp_path / "p")], options, 1)
    lose = "rules lose what needs it"
    assert [(one.severity, one.line, one.message, one.help) for one in file.diagnostics] == [
        (
            "info",
            3,
            f"the kernel lacks `network_v8/af_inet`: {lose}",
            "this one loses `ip`: it speaks of every address",
        ),
        (
            "info",
            4,
            f"the kernel lacks `network/af_unix`: {lose}",
            "this one becomes `network unix stream`: every address, peer and permission",
        ),
    ]
