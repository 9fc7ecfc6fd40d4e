"""Which executables a profile attaches to (apparmor_parser 3.0.8 and 4.1.0 were asked)."""

from __future__ import annotations

import pytest

import lsmc

PATHS = ("/b", "/xb", "/c", "/cc", "/a/b", "/y/b")


def attached(text: str, parent: str = "") -> dict[str, str]:
    """The profile that each path gets among the children of a profile, or among all."""
    policy = lsmc.compile_text(text)
    find = policy.engine.tables.attachments.find
    found = ((path, find(path.encode(), parent=parent)[0]) for path in PATHS)
    return {path: record.full_name for path, record in found if record is not None}


@pytest.mark.parametrize(
    ("head", "paths"),
    [
        ("/[^a]b", "/xb"),
        ("profile [^a]b", "/b"),
        ("profile {/,x}b", "/b"),
        ("profile {/b,x}", "/b"),
        ("profile **b", ""),
        ("profile x?b", ""),
        ("profile b", ""),
        ("//[^a]b", ""),
        ("//x /x*", ""),
        ("profile x /a//b", "/a/b"),
        ("/a///c*", ""),
        ("profile /a///q /c*", ""),
    ],
)
def test_a_name_is_an_attachment(head: str, paths: str) -> None:
    head = head if head.startswith("profile") else f"profile {head}"
    assert " ".join(attached(f"{head} {{ }}")) == paths


@pytest.mark.parametrize(
    ("head", "paths"),
    [
        ("/a///c*", "/c /cc"),
        ("/a///c", "/c"),
        ("/a//[^a]b", "/b"),
        ("/a///q /c*", "/c /cc"),
        ("/a//q//c* /c*", ""),
        ("/a/////c*", ""),
    ],
)
@pytest.mark.parametrize("target", ["3.0", "4.1", "6.0"])
def test_a_name_with_two_slashes_is_that_of_a_child(head: str, paths: str, target: str) -> None:
    text = f"profile /a {{ /** cx, }}\nprofile {head} {{ }}"
    name = head.split(maxsplit=1)[0]
    assert attached(text, "/a") == dict.fromkeys(paths.split(), name)
    policy = lsmc.compile_text(text, target=target)
    led = {path: policy.query("/a", "exec", path) for path in PATHS}
    assert {path for path, verdict in led.items() if verdict} == set(paths.split())
    assert not attached(text).keys() - {"/a"}


@pytest.mark.parametrize("head", ["profile //?b /c*", "profile /c*"])
def test_a_child_written_inside_goes_by_its_name_too(head: str) -> None:
    found = attached(f"profile /a {{ {head} {{ }} }}", "/a")
    assert found == ({} if "//" in head else dict.fromkeys(("/c", "/cc"), "/a///c*"))


def test_children_of_two_namespaces_do_not_compete() -> None:
    text = "profile :n:a { profile q /c* { } }\nprofile a { profile r /cc { } }"
    assert attached(text, "a") == {"/cc": "a//r"}


@pytest.mark.parametrize(
    ("alias", "head", "paths"),
    [
        ("b -> /y/b", "profile b", "/y/b"),
        ("/a -> /y/", "profile p /a/[b]", "/a/b /y/b"),
        ("/a// -> /y/", "profile p /a//[b]", "/a/b /y/b"),
        ("//a -> /y", "profile p /a//b", "/a/b"),
    ],
)
def test_an_alias_rewrites_the_text_as_written(alias: str, head: str, paths: str) -> None:
    assert " ".join(attached(f"alias {alias},\n{head} {{ }}")) == paths
