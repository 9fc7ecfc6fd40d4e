"""Variables in paths: which slashes a value keeps (apparmor_parser 3.0.8 was asked)."""

from __future__ import annotations

import pytest

import lsmc


@pytest.mark.parametrize(
    ("values", "path", "allowed", "denied"),
    [
        ("/run/", "/@{V}/c", [], ["/run/c"]),  # it begins with two slashes
        ("/run/ /var/run/", "/@{V}/c", ["/run/c", "/var/run/c"], ["/c"]),
        ("run/ var/run", "/@{V}/c", ["/run/c", "/var/run/c"], []),
        ("/run/", "/a/@{V}/c", ["/a/run/c"], []),
        ("/run/ /var/run/", "/a/@{V}/c", ["/a/run/c", "/a/var/run/c"], []),
        ("/run/ /var/run/", "/@{V}c", ["/run/c", "/var/run/c"], ["/runc"]),
        ("/", "@{V}/c", ["/c"], ["//c"]),
        ("/ /x", "@{V}/c", ["/c", "/x/c"], ["//c"]),
        ("/x /y", "/a/@{E}@{V}", ["/a/x", "/a/y"], ["/a//x"]),
    ],
)
def test_slashes_of_values(values: str, path: str, allowed: list[str], denied: list[str]) -> None:
    policy = lsmc.compile_text(f'@{{E}}=""\n@{{V}}={values}\nprofile p {{ {path} r, }}\n')
    # the tables are asked, as no kernel asks about a path with two slashes
    found = [name for name in allowed + denied if policy.permissions("p", "file", name).allow]
    assert found == allowed


@pytest.mark.parametrize("path", ["/@{a@{V},b}", "/@{W}"])
def test_a_reference_inside_an_alternation_behind_an_at(path: str) -> None:
    policy = lsmc.compile_text(f"@{{V}}=x y\n@{{W}}=@{{a@{{V}},b}}\nprofile p {{ {path} r, }}\n")
    granted = [name for name in ("/@ax", "/@ay", "/@b", "/ax") if policy.query("p", "read", name)]
    assert granted == ["/@ax", "/@ay", "/@b"]


@pytest.mark.parametrize("value", ["@{}", "[@{}]", "\\\\@{}"])
def test_a_value_with_an_empty_name_is_refused_where_it_is_used(value: str) -> None:
    assert lsmc.compile_text(f"@{{V}}={value}\nprofile p {{ /a r, }}\n")
    with pytest.raises(lsmc.PolicyError, match=r"`@\{\}` is not a variable name"):
        lsmc.compile_text(f"@{{V}}={value}\nprofile p {{ /@{{V}} r, }}\n")
