"""Globs of paths: as the regular expressions that they once were, in bounded time."""

from __future__ import annotations

import re
import time
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from lsmc.lint.globs import matches


def expression(glob: str) -> re.Pattern[str]:
    """What a glob means."""
    glob = glob.removeprefix("./") if "/" in glob else f"**/{glob}"
    means = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.findall(r"\*\*/?|\*|\?|[^*?]", glob, re.DOTALL)
    return re.compile("".join(means.get(one, re.escape(one)) for one in pieces), re.DOTALL)


def test_all_short_globs_and_paths() -> None:
    paths = ["".join(some) for length in range(5) for some in product("a/b", repeat=length)]
    for length in range(4):
        for some in product(("a", "/", "*", "**", "?", "./"), repeat=length):
            glob = "".join(some)
            found = {path for path in paths if matches(glob, path)}
            assert found == {path for path in paths if expression(glob).fullmatch(path)}, glob


@given(st.text("a/*?.\n", max_size=8), st.text("a/.\n", max_size=10))
def test_other_globs(glob: str, path: str) -> None:
    assert matches(glob, path) == bool(expression(glob).fullmatch(path))


def test_no_glob_takes_long() -> None:
    start = time.process_time()
    assert not matches("**/" * 14 + "x", "a/" * 200)
    assert not matches("**a" * 14 + "x", "a" * 400)
    assert not matches("*a" * 14 + "x", "a" * 400)
    assert time.process_time() - start < 5
