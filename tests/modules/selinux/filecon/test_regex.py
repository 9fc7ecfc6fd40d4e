"""The regular expressions of file contexts match what libselinux's PCRE matches."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsmc.modules.selinux.filecon.regex import MAX_POSITIONS, BadExpression, Expression

_SET = st.sampled_from(["a", "b", "/", r"\.", ".", "[ab]", "[^/]", "[a-c]", r"\d", "[[:digit:]x]"])


def _larger(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    times = st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{2,}", "{0}", "*?"])
    return st.one_of(
        st.tuples(part, part).map("".join),
        st.tuples(part, part).map(lambda two: f"({two[0]}|{two[1]})"),
        st.tuples(part, times).map(lambda one: f"({one[0]}){one[1]}"),
        st.tuples(_SET, times).map("".join),
    )


@given(
    st.recursive(_SET, _larger, max_leaves=12),
    st.lists(st.text("/ab.c1x{,2}\n", max_size=8), max_size=20),
)
def test_like_a_library(text: str, paths: list[str]) -> None:
    """What needs no stem matches as Python's expressions do."""
    expression = Expression(f"({text})")
    library = re.compile(text.replace("[:digit:]", r"\d").encode(), re.DOTALL)
    for path in map(str.encode, paths):
        either = (path, path.removesuffix(b"\n"))
        assert expression.matches(path) == any(map(library.fullmatch, either))


@pytest.mark.parametrize(
    ("text", "matching", "others"),
    [
        ("/usr/a", [b"/usr/a", b"/usr/a\n"], [b"/usr/a\n\n", b"/usr/ab", b"/usr", b""]),
        ("/usr/a.b", [b"/usr/a\nb", b"/usr/a\xffb"], [b"/usr/ab"]),
        # the stem /usr is compared by itself, the alternatives behind it are bound on one side
        ("/usr/a|/b", [b"/usr/a", b"/usr/aXX", b"/usr/x/b"], [b"/b", b"/x/b", b"/usr"]),
        ("/u.r/a|/b|/c", [b"/usr/aXX", b"/x/by", b"/usr/c"], [b"/usr/cc", b"/x/d"]),
        ("^/usr/a$", [b"/usr/a"], [b"/usr/aa"]),
        ("/usr/%{USERID}", [b"/usr/%{USERID}"], [b"/usr/%"]),
        ("/a{,2}", [b"/a{,2}"], [b"/aa"]),
        (r"/x\x41\d\w\s", [b"/xA1_ "], [b"/xA1_x"]),
        ("/é[é]", ["/é".encode() + b"\xc3"], ["/éé".encode()]),
        ("/[]a]+", [b"/]a"], [b"/"]),
        ("/[a-]+[^]]", [b"/a-x"], [b"/a-]"]),
    ],
)
def test_as_libselinux(text: str, matching: list[bytes], others: list[bytes]) -> None:
    """Asked of libselinux 3.4."""
    expression = Expression(text)
    assert [path for path in matching if not expression.matches(path)] == []
    assert [path for path in others if expression.matches(path)] == []


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("/a(b", 2, "`(` is not closed"),
        ("/a)b", 2, "`)` closes nothing"),
        ("/[ab", 1, "`[` is not closed, or what it holds is not known"),
        ("/[z-a]", 1, "`[` is not closed, or what it holds is not known"),
        ("/(?=a)", 2, "only `(?:` may begin so: assertions are no regular language"),
        ("/a++", 3, "possessive repetition is no regular language"),
        ("/a**", 3, "a repetition is repeated"),
        ("/(*a)", 2, "`*` repeats nothing"),
        (r"/(a)\1", 4, r"`\1` is not known"),
        ("/a^b", 2, "`^` stands within the expression"),
        ("/a{3,2}", 2, "the bounds of the repetition are the wrong way round"),
        ("/" + "(" * 200, 102, "more than 100 groups within each other"),
    ],
)
def test_refused(text: str, column: int, reason: str) -> None:
    """What is wrong, or no regular language, is told with its place."""
    with pytest.raises(BadExpression) as fault:
        Expression(text)
    assert (fault.value.reason, fault.value.column) == (reason, column)


def test_bounded() -> None:
    """Neither a path nor an expression of a stranger takes long."""
    start = time.process_time()
    for text in ("/(a*)*b", "/(a|a)*b", "/(a|aa)+$", "/(.*)*(.*)*(.*)*x", "/(a?){50}a{50}"):
        assert not Expression(text).matches(b"/" + b"a" * 5_000 + b"c")
    with pytest.raises(BadExpression, match=f"larger than {MAX_POSITIONS} positions"):
        Expression("/((((a{99}){99}){99}){99}){99}")
    with pytest.raises(BadExpression, match="repeats too much"):
        Expression("/((((((){99}){99}){99}){99}){99}){99}")
    Expression("/" + "a?" * (MAX_POSITIONS - 2))
    assert time.process_time() - start < 5
