"""Remarks above and in lines, colours, and by what a file is judged that is no profile."""

from __future__ import annotations

import pytest

from lsmc.modules.apparmor.editing.colours import tokens
from lsmc.modules.apparmor.editing.remarks import hints, lenses
from tests.modules.apparmor.editing.tree import snap


def test_an_abstraction_says_who_includes_it() -> None:
    (lens,) = lenses(snap("abstractions/base"))
    assert lens.title == "2 files with profiles include this"
    assert [span.source.path for span in lens.places] == ["/p/a", "/p/b"]


def test_a_profile_says_which_rules_name_it_and_where_its_tests_are() -> None:
    found = lenses(snap("b", **{"b.test.toml": "policy = 'b'\n"}))
    assert [(one.title, one.test) for one in found] == [
        ("run b.test.toml", "/p/b.test.toml"),
        ("1 rule names this profile", ""),
    ]


def test_variables_show_their_values() -> None:
    found = {one.span.text: (one.text, one.tooltip) for one in hints(snap("a"), 0, 10_000)}
    assert found["mine}"] == ("= /srv/a", "/srv/a")
    assert found["HOME}"] == ("= 2 values", "/home/*\n/root")


def test_one_value_that_is_too_long_is_not_shown() -> None:
    text = f"@{{long}} = /{'a' * 40}\nprofile long {{ @{{long}} r, }}\n"
    assert not hints(snap("long", long=text), 0, len(text))


def test_tokens_cover_names_and_do_not_overlap() -> None:
    found = tokens(snap("a"))
    ends = [0]
    for one in found:
        assert ends[-1] <= one.span.start < one.span.end
        ends.append(one.span.end)
    texts = {(one.span.text, one.kind) for one in found}
    assert {
        ("profile", "keyword"),
        ("@{HOME}", "variable"),
        ("owner", "modifier"),
        ("rw", "number"),
        ("kid", "class"),
        ("abstractions/base", "string"),
    } <= texts


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a", None),
        ("abstractions/base", "@{mine} = /srv/a\nprofile lsmc-host {"),
        ("tunables/home", "include <tunables/global>"),
    ],
)
def test_what_is_no_profile_is_judged_in_one(path: str, text: str | None) -> None:
    scope = snap(path).scope
    if text is None:
        assert scope.paths == (f"/p/{path}",)
        return
    assert list(scope.texts) == list(scope.paths)
    assert text in scope.texts[scope.paths[0]].decode()


def test_a_tunable_that_nobody_includes_is_included() -> None:
    found = snap("tunables/new", **{"tunables/new": "@{NEW} = @{HOME}/x\n"})
    (text,) = found.scope.texts.values()
    assert text == b'include <tunables/global>\ninclude "/p/tunables/new"\n'
    assert found.compiled is not None
    assert not found.compiled.diagnostics


def test_an_abstraction_with_a_child_lends_no_preamble_and_is_judged_in_a_profile() -> None:
    """Such a file is no profile by itself, though one stands in it."""
    child = "  include <abstractions/base>\n  /x r,\n  profile kid {\n  }\n"
    others = {
        "abstractions/a": child,
        "a": "include <tunables/global>\n@{mine} = /m\nprofile a {\n include <abstractions/a>\n}\n",
        "b": "",
    }
    for path in ("abstractions/base", "abstractions/a"):
        found = snap(path, **others)
        (text,) = found.scope.texts.values()
        assert text.startswith(b"include <tunables/global>\n@{mine} = /m\nprofile lsmc-host {")
        assert found.compiled is not None
        assert not found.compiled.diagnostics


def test_a_file_of_includes_alone_belongs_in_a_body() -> None:
    more = {"abstractions/c": "abi <abi/4.0>,\ninclude <abstractions/base>\n"}
    (text,) = snap("abstractions/c", **more).scope.texts.values()
    assert b"profile lsmc-host {" in text
