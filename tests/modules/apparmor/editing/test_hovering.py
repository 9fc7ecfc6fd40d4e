"""What is told of places."""

from __future__ import annotations

import pytest

from lsmc.modules.apparmor.editing.hovering import hover, permissions_text
from lsmc.modules.apparmor.editing.words import words
from lsmc.modules.apparmor.lower.profile_head import FLAGS
from lsmc.modules.apparmor.names import CAPABILITIES
from tests.modules.apparmor.editing.tree import marked, snap


def told(path: str, before: str) -> str:
    found = hover(*marked(path, before))
    assert found is not None
    return found.text


def test_a_rule_tells_its_values_and_what_decides_about_an_example() -> None:
    text = told("a", "owner @{HOME}/.a/** r")
    assert "- `r`: read, and list a directory" in text
    assert "`@{HOME}` = `/root` `@{HOMEDIRS}/*`" in text
    assert "that is `/home/*` `/root`" in text
    assert "the subject owns it: **allowed**" in text
    assert "- `owner @{HOME}/.a/** rw,` (a:5)" in text


def test_a_rule_that_refuses_tells_what_it_takes_away() -> None:
    text = told("a", "deny @{HOME}/.a/b r")
    assert "**denied by a rule**" in text
    assert "- `deny @{HOME}/.a/b r,` (a:6)" in text


@pytest.mark.parametrize(
    ("path", "before", "text"),
    [
        ("a", "capabil", "`capability`: Grants capabilities"),
        ("a", "capability ch", "`chown`: change owner and group"),
        ("a", "include <abs", "What all need."),
        ("a", "include <abs", "2 files with profiles include it"),
        ("a", "change_profile -> c", "profile **c** (c)"),
        ("a", "/bin/c C", "**allowed, runs as `a//kid`**"),
        ("a", "@{bin}/b", "profile **b**, attaches to `@{bin}/b`"),
        ("a", "  signal send se", "`set`: The signals"),
        ("a", "  den", "`deny`: Refuses"),
        ("abstractions/base", "@{mi", "`@{mine}` = `/srv/a`"),
        ("tunables/home", "@{HOME} = @{HOMED", "`@{HOMEDIRS}` = `/home`"),
        ("d", "include if ex", "`if exists`: The include is left out"),
    ],
)
def test_words_and_names_are_told(path: str, before: str, text: str) -> None:
    assert text in told(path, before)


@pytest.mark.parametrize(
    ("comment", "text"),
    [
        (
            "# ----\n#  Copyright (C) us\n#\n# Under a licence\n# of us.\n\n# Sound.\n",
            "Sound.",
        ),
        (
            "# vim:syntax=apparmor\n# LOGPROF-SUGGEST: no\n\n# Sound,\n# played.\n#\n# More.\n",
            "Sound, played.",
        ),
        ("# SPDX-License-Identifier: MIT\n", None),
        ("/a r,\n\n# Of the next rule.\n/b r,\n", None),
    ],
)
def test_an_include_tells_the_first_paragraph_that_says_something(
    comment: str, text: str | None
) -> None:
    found = snap("a", **{"abstractions/base": comment})
    told = hover(found, found.source.text.index("abstractions/base"))
    assert told is not None
    said = told.text.split("\n\n")
    assert said == [
        "**abstractions/base**",
        *([text] if text is not None else []),
        "2 files with profiles include it",
    ]


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("network un|ix stream,", None),
        ("mount options=(ro rem|ount) /a -> /b/,", None),
        ("mount opt|ions=(ro) /a -> /b/,", "`options`: The options of the mount"),
        ("mount /mnt/fi|le -> /b/,", None),
        ("rem|ount options=(ro) /a,", "`remount`: Grants changing"),
        ("dbus send bus=system member=se|t,", None),
        ("signal send se|t=(term),", "`set`: The signals"),
        ("pivot_root old|root=/o /n,", "`oldroot`: Where the old root is put"),
        ("link sub|set /a -> /b,", "`subset`: The permissions of the link"),
        ("/etc/fi|le r,", None),
    ],
)
def test_a_keyword_that_is_a_value_has_no_meaning(rule: str, text: str | None) -> None:
    before = "profile a {\n  "
    found = snap("a", a=f"{before}{rule.replace('|', '')}\n}}\n")
    told = hover(found, len(before) + rule.index("|"))
    first = "" if told is None else told.text.splitlines()[0]
    if text is None:
        assert not first.startswith("`")
    else:
        assert first.startswith(text)


def test_nothing_is_told_of_comments_and_blanks() -> None:
    assert hover(*marked("c", "# @{mi")) is None
    assert hover(snap("c", c="profile c {\n\n\n}\n"), 13) is None


def test_every_capability_and_flag_has_a_text() -> None:
    assert set(words("capability")) == set(CAPABILITIES)
    assert set(words("flag")) == set(FLAGS)


def test_ways_to_execute_tell_the_environment() -> None:
    assert permissions_text("rPUx").splitlines() == [
        "- `r`: read, and list a directory",
        f"- `PUx`: {words('execute')['pux']}; the environment is scrubbed",
    ]
    assert permissions_text("ix") == "- `ix`: execute in this profile"
    assert permissions_text("cx").endswith("the environment is kept")
