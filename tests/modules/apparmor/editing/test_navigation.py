"""Definitions, references and other names."""

from __future__ import annotations

import pytest

from lsmc.base.diagnostics import Edit
from lsmc.modules.apparmor.editing.navigation import definitions, links, occurrences, renamed
from lsmc.modules.apparmor.editing.outline import symbols, workspace
from lsmc.modules.apparmor.editing.transitions import callees, incoming, outgoing
from lsmc.modules.editing import Refusal
from tests.modules.apparmor.editing.tree import TEXTS, marked, shown, snap


@pytest.mark.parametrize(
    ("path", "before", "found"),
    [
        ("a", "owner @{HO", [("tunables/home", 2)]),
        ("a", "  @{mi", [("a", 2)]),
        ("a", "include <abstractions/b", [("abstractions/base", 1)]),
        ("a", "-> ki", [("a", 13)]),
        ("a", "change_profile -> c", [("c", 2)]),
        ("a", "peer=b", [("b", 3)]),
        ("a", "@{bin}/b", [("b", 3)]),
        ("b", "peer=a//ki", [("a", 13)]),
        ("tunables/home", "@{HOME} = @{HOMED", [("tunables/home", 1)]),
        ("a", "capab", []),
        ("c", "# @{mi", []),
    ],
)
def test_a_definition_is_where_a_name_gets_its_meaning(
    path: str, before: str, found: list[tuple[str, int]]
) -> None:
    assert [shown(span) for span in definitions(*marked(path, before))] == found


def test_a_variable_is_that_of_the_files_that_are_read_together() -> None:
    """`@{mine}` of `c` is another one; `a` and `b` share it through the abstraction."""
    mine = occurrences(*marked("c", "@{mi"))
    assert [(*shown(one.span), one.defines) for one in mine] == [("c", 1, True), ("c", 2, False)]
    shared = occurrences(*marked("a", "  @{mi"))
    assert [shown(one.span) for one in shared] == [
        ("a", 2),
        ("a", 12),
        ("abstractions/base", 3),
        ("b", 2),
    ]


def test_a_profile_is_named_by_targets_and_peers() -> None:
    found = occurrences(*marked("b", "profile b"))
    assert [(*shown(one.span), one.defines) for one in found] == [("a", 11, False), ("b", 3, True)]
    child = occurrences(*marked("a", "  profile ki"))
    assert [shown(one.span) for one in child] == [("a", 9), ("a", 13), ("b", 6)]


def applied(path: str, edits: list[Edit], text: str = "") -> str:
    text = text or TEXTS[path]
    for one in sorted(edits, key=lambda one: -one.span.start):
        if shown(one.span)[0] == path:
            text = text[: one.span.start] + one.text + text[one.span.end :]
    return text


def test_a_variable_gets_another_name_in_all_files() -> None:
    edits = renamed(*marked("a", "  @{mi"), "own")
    assert applied("a", edits) == TEXTS["a"].replace("@{mine}", "@{own}")
    assert applied("abstractions/base", edits) == TEXTS["abstractions/base"].replace("mine", "own")
    assert applied("c", edits) == TEXTS["c"]
    assert [one.text for one in renamed(*marked("c", "@{mi"), "@{x_1}")] == ["x_1", "x_1"]


def test_a_profile_gets_another_name_with_those_that_name_its_children() -> None:
    edits = renamed(*marked("a", "profile a"), "new")
    assert applied("a", edits) == TEXTS["a"].replace("profile a ", "profile new ")
    assert applied("b", edits) == TEXTS["b"].replace("peer=a", "peer=new")
    edits = renamed(*marked("a", "  profile ki"), "boy")
    assert applied("a", edits) == TEXTS["a"].replace("kid {", "boy {").replace("-> kid", "-> boy")
    assert applied("b", edits) == TEXTS["b"].replace("a//kid", "a//boy")


def test_a_variable_that_stands_for_a_profile_gets_its_new_name() -> None:
    tunables = '@{p_a} = "a"\n@{p_kid} = a//kid b\n@{same} = a\n'
    rules = "include <tunables/p>\nprofile e { signal peer=@{p_a}, ptrace peer=@{p_kid}, }\n"
    found = snap("a", e=rules, **{"tunables/p": tunables})
    edits = renamed(found, found.source.text.index("profile a") + len("profile "), "new")
    changed = tunables.replace('"a"', '"new"').replace("a//", "new//")
    assert applied("tunables/p", edits, tunables) == changed


def test_a_variable_that_stands_for_more_than_a_profile_keeps_it_from_another_name() -> None:
    rules = "@{p_a} = a\nprofile e { signal peer=@{p_a}, /etc/@{p_a} r, }\n"
    found = snap("a", e=rules)
    with pytest.raises(Refusal, match=r"holds .a., and not as a profile alone: /p/e:2"):
        renamed(found, found.source.text.index("profile a") + len("profile "), "new")


@pytest.mark.parametrize(
    ("path", "before", "new", "why"),
    [
        ("a", "  @{mi", "HOME", "there is a variable `HOME` already"),
        ("a", "  @{mi", "1x", "is no name of a variable"),
        ("a", "  @{mi", "", "is no name of a variable"),
        ("a", "capab", "x", "only variables and profiles"),
        ("a", "include <abstractions/b", "x", "only variables and profiles"),
        ("a", "profile a", "b", "there is a profile `b` already"),
        ("a", "profile a", "x*", "is no plain name"),
        ("a", "profile a", "x//y", "is no plain name"),
    ],
)
def test_what_cannot_get_another_name_says_why(path: str, before: str, new: str, why: str) -> None:
    with pytest.raises(Refusal, match=why.replace("`", ".")):
        renamed(*marked(path, before), new)


def test_includes_lead_to_files() -> None:
    found = [(one.span.text, one.path) for one in links(snap("a"))]
    assert found == [
        ("tunables/global", "/p/tunables/global"),
        ("abstractions/base", "/p/abstractions/base"),
    ]


def test_the_parts_of_a_file_are_its_symbols() -> None:
    parts = symbols(snap("a"))
    assert [(one.name, one.kind) for one in parts] == [
        ("include tunables/global", "file"),
        ("@{mine}", "variable"),
        ("a", "profile"),
    ]
    assert [one.name for one in parts[2].children][-2:] == ["@{mine}/y r,", "kid"]


def test_a_search_finds_parts_of_all_files() -> None:
    assert [one.name for one in workspace(snap("a"), "KID")] == ["a//kid"]
    assert {one.name for one in workspace(snap("a"), "home")} == {"HOMEDIRS", "HOME"}


def test_calls_are_transitions() -> None:
    (profile,) = callees(*marked("b", "profile b"))
    assert profile.name == "b"
    assert [(one.symbol.name, shown(one.spans[0])) for one in incoming(snap("c"), "b")] == [
        ("a", ("a", 8))
    ]
    assert [one.symbol.name for one in incoming(snap("c"), "a//kid")] == ["a"]
    assert [one.symbol.name for one in outgoing(snap("c"), "a")] == ["b", "a//kid", "c"]
