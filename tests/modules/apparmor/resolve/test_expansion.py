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
