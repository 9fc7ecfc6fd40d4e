"""What may stand at a place."""

from __future__ import annotations

import pytest

from lsmc.modules.apparmor.editing.completing import complete
from tests.modules.apparmor.editing.tree import snap

BODY = """include <tunables/global>
profile a /bin/a flags=(complain) {{
  /x r,
{}
  profile k {{ }}
}}
"""


def labels(text: str) -> list[str]:
    offset = text.index("|")
    found = complete(snap("a", a=text.replace("|", "")), offset)
    return [one.label for one in found]


@pytest.mark.parametrize(
    ("line", "some", "none"),
    [
        ("  |", {"capability", "include", "owner", "profile"}, {"abi", "alias"}),
        ("  cap|", {"capability"}, set()),
        ("  audit |", {"deny", "capability"}, {"audit", "include", "profile", "set"}),
        ("  owner |", {"deny", "file", "link"}, {"capability", "owner"}),
        ("  capability chown |", {"kill"}, {"chown"}),
        ("  @{H|", {"HOME", "bin", "profile_name"}, set()),
        ("  include <|", {"abstractions/", "a", "b"}, set()),
        ("  include <abstractions/|", {"base"}, {"a"}),
        ("  include if exists <abstractions/b|", {"base"}, set()),
        ("  /bin/x Px -> |", {"b", "c", "a//k", "unconfined"}, {"k"}),
        ("  /bin/x rCx -> |", {"k"}, {"b", "a//k", "unconfined"}),
        ("  /bin/x pix -> |", {"b"}, {"k"}),
        ("  change_profile -> |", {"b"}, set()),
        ("  signal (send) set=(h|", {"hup", "term"}, {"b"}),
        ("  signal send peer=|", {"b", "c"}, {"hup"}),
        ("  signal |", {"send", "receive", "set=", "peer="}, set()),
        ("  unix (connect) peer=(label=|", {"b"}, set()),
        ("  dbus send bus=|", {"system"}, set()),
        ("  network |", {"inet", "stream", "tcp"}, set()),
        ("  set rlimit |", {"nofile"}, set()),
        ("  mount options=(ro, |", {"nosuid"}, {"include"}),
        ("  /etc/{a,b}/x |", {"r", "rw", "Px"}, set()),
        ("  deny @{HOME}/x |", {"r"}, set()),
        ("  # cap|", set(), {"capability"}),
        ("  signal (send)\n    set=(|", {"hup"}, set()),
    ],
)
def test_what_may_stand_in_a_profile(line: str, some: set[str], none: set[str]) -> None:
    found = set(labels(BODY.format(line)))
    assert some <= found
    assert not none & found


@pytest.mark.parametrize(
    ("text", "some"),
    [
        ("|", {"include", "abi", "profile"}),
        ("@{X} = @{b|\n", {"bin", "HOME"}),
        ("include <tunables/|", {"global", "home"}),
        ("profile a flags=(at|) {\n}\n", {"attach_disconnected", "complain"}),
    ],
)
def test_what_may_stand_before_profiles(text: str, some: set[str]) -> None:
    assert some <= set(labels("include <tunables/global>\n" + text + "\nprofile z { }\n"))


def test_of_many_names_those_of_folders_come_first() -> None:
    files = {f"a{number:03}": "" for number in range(600)}
    text = BODY.format("  include <|")
    offset = text.index("|")
    found = complete(snap("a", **{**files, "a": text.replace("|", "")}), offset)
    assert [one.label for one in found[:3]] == ["abi/", "abstractions/", "tunables/"]


def test_a_variable_is_closed_once() -> None:
    text = BODY.format("  @{HO} r,")
    offset = text.index("HO}") + 2
    (found,) = [one for one in complete(snap("a", a=text), offset) if one.label == "HOME"]
    assert (found.span.text, found.insert) == ("HO", "")
    text = BODY.format("  @{HO r,")
    (found,) = [one for one in complete(snap("a", a=text), offset) if one.label == "HOME"]
    assert found.insert == "HOME}"


def test_every_offset_of_a_text_has_an_answer() -> None:
    found = snap("a")
    for offset in range(len(found.source.text) + 1):
        complete(found, offset)
