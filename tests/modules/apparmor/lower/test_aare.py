"""Globs: each held against a regular expression that the rules of `apparmor.d(5)` spell out."""

from __future__ import annotations

import re
from functools import cache
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsmc.modules.apparmor.lower.aare import MAX_NESTING, GlobError, parse_glob
from tests.automata.strategies import matches

NUL_ESCAPES = ("\\000", "\\00", "\\0", "\\x00", "\\x0", "\\d000", "\\d00", "\\d0")


def regex_of(glob: str, null: bool) -> re.Pattern[bytes]:
    """A well-formed glob as a regular expression, one character after the other.

    `*` becomes a set repeated, `{a,b}` a group, and a class is read from its written form after
    the wildcards within it have been replaced, as AppArmor's compiler does.
    """
    one, any_ = ("[^/]", "[\0-\xff]") if null else ("[^/\0]", "[^\0]")
    out = ""
    after_slash = False
    depth = at = 0
    while at < len(glob):
        char = glob[at]
        rest = glob[at:]
        begins = False  # whether what is written next stands directly after a slash
        if char == "\\":
            byte, at = unescape(glob, at)
            out += re.escape(byte)
            after_slash = byte == "/"
            continue
        if char == "*":
            run = len(rest) - len(rest.lstrip("*"))
            if after_slash and rest[run : run + 1] in {"", "/"}:
                out += one
            out += (any_ + "*") * (run // 2) + (one + "*") * (run % 2)
            at += run
            after_slash = False
            continue
        if char == "[":
            text, at = class_of(glob, at, null)
            out += text
            after_slash = False
            continue
        if char == "{":
            out += "(?:"
            depth += 1
        elif char == "}":
            out += ")"
            depth -= 1
        elif char == "," and depth:
            out += "|"
        elif char == "?":
            out += one
        else:
            out += re.escape(char)
            begins = char == "/"
        after_slash = begins
        at += 1
    return re.compile(out.encode("latin-1"), re.DOTALL)


def unescape(glob: str, at: int) -> tuple[str, int]:
    """The byte of the escape at a place, and where it ends."""
    for text in NUL_ESCAPES:
        if glob.startswith(text, at):
            return "\0", at + len(text)
    return glob[at + 1], at + 2


def byte_of(glob: str, at: int) -> tuple[str, int]:
    """What stands at a place inside of `[ ]`, and where it ends."""
    if glob.startswith("\\,", at):
        return "\\,", at + 2
    return unescape(glob, at) if glob[at] == "\\" else (glob[at], at + 1)


def class_of(glob: str, at: int, null: bool) -> tuple[str, int]:
    """The class that opens at a place, in the words of `re`, and where it ends."""
    at += 1
    caret = re.compile(r"\\?\^").match(glob, at)
    at = caret.end() if caret else at
    members: list[str] = []
    while glob[at] != "]":
        if glob[at] in "*?":
            run = len(glob[at:]) - len(glob[at:].lstrip("*"))
            begins = members[-1:] == ["/"] and glob[at + run : at + run + 1] in {"", "/"}
            if null and run > 1 and not begins:
                members += ".*"
                at += 2
                continue
            return opened(glob, at, members, bool(caret), null)
        byte, at = byte_of(glob, at)
        members += byte
    return set_of(members, bool(caret)), at + 1


def opened(glob: str, at: int, members: list[str], negated: bool, null: bool) -> tuple[str, int]:
    """A class with a wildcard: the set of the wildcard is written in it, and its `]` closes it."""
    one, any_ = ("[^/]", "[\0-\xff]") if null else ("[^/\0]", "[^\0]")
    outside = False
    out = ""
    while True:
        char = glob[at]
        if char == "[":
            text, at = class_of(glob, at, null)
            return out + text, at
        if char in "*?":
            run = len(glob[at:]) - len(glob[at:].lstrip("*"))
            ends = glob[at + run : at + run + 1] in {"", "/"}
            slash = bool(run) and ends and (out if outside else "".join(members))[-1:] == "/"
            words = [one] * (slash or not run) + [any_ + "*"] * (run // 2) + [one + "*"] * (run % 2)
            if not outside:  # the first set is the rest of the class
                out = set_of([*members, *words[0].rstrip("*]")], negated)
                out += "*" * words[0].endswith("*")
                words = words[1:]
            outside = True
            out += "".join(words)
            at += max(run, 1)
            continue
        byte, at = byte_of(glob, at)
        out += re.escape(byte)
        if byte == "]":
            return out, at


def set_of(members: list[str], negated: bool) -> str:
    """Members in the words of `re`, all escaped; `-` between two of them is a range."""
    words: list[str] = []
    left = members
    while left:
        if len(left) > 2 and left[1] == "-":
            low, high = sorted((left[0], left[2]))
            words.append(f"{re.escape(low)}-{re.escape(high)}")
            left = left[3:]
        else:
            words.append(re.escape(left[0]))
            left = left[1:]
    return "[" + "^" * negated + "".join(words) + "]"


@cache
def texts(letters: bytes, length: int) -> tuple[bytes, ...]:
    """All strings of some letters up to a length."""
    return tuple(
        bytes(found) for size in range(length + 1) for found in product(letters, repeat=size)
    )


def held(glob: str, null: bool, tried: tuple[bytes, ...]) -> None:
    """The glob and its regular expression have the same members among some texts."""
    pattern = parse_glob(glob, null).pattern
    reference = regex_of(glob, null)
    for text in tried:
        assert matches(pattern, text) == bool(reference.fullmatch(text)), (glob, null, text)


GLOBS = (
    # a byte, and what is special elsewhere only
    "", "/", "a", "/a/b", "a^$.+|()b", "\n", "\xe9", ",", "a,b", "/,*",
    # one byte
    "?", "/?", "a?b", "??", "[b/-a]", "[zb-d]",
    # stars, at the end of a component that a slash begins and elsewhere
    "*", "**", "***", "****", "/*", "/**", "/***", "/****", "/*****", "a*", "/a*", "/*a", "/**a",
    "/*/", "/**/", "/**/a", "a/*/b", "/?*", "/,*", "{a/,b/}*", "{,/}*", "/{*,b}", "/{**,}",
    "{/a/*,/b}", "/{a,b}*", "\\/*", "\\/**", "/\\**", "/[ab]*", "[/]*", "/*?", "/*,", "/*{a,b}",
    "/\\a*", "a,/*", "{/,a}/*", "{/*,a}/", "{a,*}", "{/,*}", "{a,/}*/", "/{,*}", "{a/,*/}",
    "a{/,*}",
    "{/,{a,b}}*", "/{*/,a}", "/{*/,{a,b}}", "/{**/b,{a,b}}",
    "{/{a,b},*}", "{/[*],*}", "/{[*],*,b}", "/{a,[*]*}", "/,{[*],a}*", "/[*]*",
    "{/{[*],b},*}", "/{{[*],b},*}", "{{[*],a}/,*}", "{[*],/}*", "{[*]/,*}",
    # alternations
    "{a,b}", "{,a}", "{a,}", "{,}", "{a,,b}", "{a,{b,/}}", "{{a,b},/}", "{a,b}{a,b}", "a{b,/a}b",
    "{a\\,b,/}", "{a\\},b}", "{[,}],b}", "{[{],b}", "{[^,],ab}", "{[\\]],a}", "{[*],b}",
    "{[ab,],-}",
    "{a?,b*}", "{a,b},", "{a,\n}", "{\\\n,a}", "{{{a,b},b},/}",
    # escapes
    "\\*", "\\?", "\\[", "\\]", "\\{a\\}", "\\,", "\\\\", "\\a", "\\^", "a\\/b", "\\\n",
    *NUL_ESCAPES, "\\0000", "\\x000", "\\d0000", "\\01", "a\\0b", "[\\0]", "[^\\x00]",
    "\\0*", "/\\0*",
    # classes
    "[a]", "[ab]", "[^a]", "[^/]", "[^ab]b", "[a-b]", "[b-a]", "[-]", "[-a]", "[^-a]", "[--a]",
    "[+-.]", "[a^]", "[^^]", "[a.b]", "[|]", "[,]", "[{}]", "[$-/]",
    "[\\]]", "[\\^a]", "[a\\^]", "[\\a]", "[\\a-b]", "[a\\-b]", "[a\\-/]", "[-\\a]", "[\\-a]",
    "[\\*]", "[\\?]", "[\\,]", "[\\\\]", "[^\\]]", "[^\\^]", "[/-b]", "[a-bb-/]", "[abc-a]", "[\n]",
    "[+-\\/]", "[^a-b/]*", "[\0]",
    # wildcards in classes
    "[*]", "[?]", "[**]", "[^*]", "[^?]", "[^**]", "[a*]", "[a?b]", "[*b]", "[**b]", "[a-b?]",
    "[?\\a]",
    "[*\\]]", "[**/]", "[?]a", "[*]*", "[?]?", "[*[a]", "[?,]", "[*a*]", "[?a?]b", "[***]",
    "[?*]*", "[*?]", "[/*/]", "[/**/]b", "[?/*/]", "[*[^a]", "[*\\,]", "[a**]",
    "[**a]b", "[?{a,b}]", "[^?*]",
    # what the compilers make of a backslash in a class
    "[\\^ab]", "[\\^\\^]", "[\\^*]", "[a\\,]", "[^\\,]", "{[\\^,],b}",
)  # fmt: skip


@pytest.mark.parametrize("null", [False, True])
@pytest.mark.parametrize("glob", GLOBS)
def test_globs_mean_their_regular_expressions(glob: str, null: bool) -> None:
    held(glob, null, texts(b"ab/\0", 3) + texts(b"/,-]*a", 3) + texts(b"^[{}\\?\n", 1))


def test_nul_is_no_ordinary_byte_unless_it_is_said() -> None:
    assert not matches(parse_glob("?").pattern, b"\0")
    assert matches(parse_glob("?", null=True).pattern, b"\0")


@pytest.mark.parametrize("glob", GLOBS)
def test_one_byte_of_each_kind(glob: str) -> None:
    held(glob, False, texts(bytes(range(256)), 1))


pieces = st.sampled_from(
    [
        "a",
        "b",
        "/",
        "/",
        "*",
        "*",
        "?",
        "[ab]",
        "[^/]",
        "\\a",
        "\\0",
        "[*]",
        "[-a]",
        "[a\\]]",
        "[\\-]",
    ]
)
globs = st.recursive(
    st.lists(pieces, max_size=5).map("".join),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: "{" + ",".join(parts) + "}"),
    ),
    max_leaves=6,
)


@settings(max_examples=200)
@given(globs, st.booleans())
def test_drawn_globs_mean_their_regular_expressions(glob: str, null: bool) -> None:
    held(glob, null, texts(b"ab/\0", 4))


@pytest.mark.parametrize(
    ("glob", "exact"),
    [
        ("/a/[b?x]b", True),  # what `?` makes in a class is one more class
        ("/a/{[?],c}b", True),
        ("/a/[^b?x]b", False),
        ("/a/[b*x]b", False),
        ("/a/[b??x]b", False),
        ("/a", True),
        ("", True),
        ("/\\*", True),
        ("/{a,b}", True),
        ("{{a,b},b}", True),
        ("[ab]", True),
        ("[a\\]]", True),
        ("{[ab],b}", True),
        ("[^ab]", False),
        ("[^\\]]", False),
        ("[^ab]c", False),
        ("[^ab][a]", False),
        ("?", False),
        ("*", False),
        ("**", False),
        ("[*]", False),
        ("[?]", True),
        ("{a,*}", False),
        ("{[*],a}", False),
        ("{*,{a,b}}", False),
        ("{*,b}{a,b}", False),
        ("{a,b}{*,b}", False),
        ("a*b", False),
    ],
)
def test_a_glob_without_wildcards_is_exact(glob: str, exact: bool) -> None:
    """A class is one byte of a few, so it counts as exact unless it is negated."""
    assert parse_glob(glob).exact is exact


CLASS, ALTERNATION = "bad-class", "bad-alternation"
UNCLOSED = "`[` is not closed"
NOT_OPEN = "`}` without a `{` before it"
NO_COMMA = "an alternation needs at least one comma"
DASH = "`-` must stand first or between two bytes"


@pytest.mark.parametrize(
    ("glob", "kind", "message"),
    [
        ("a]", CLASS, "`]` without a `[` before it"),
        ("[a-b]]", CLASS, "`]` without a `[` before it"),
        ("a[b", CLASS, UNCLOSED),
        ("a[", CLASS, UNCLOSED),
        ("a[^", CLASS, UNCLOSED),
        ("a[b\\]", CLASS, UNCLOSED),
        ("a[b*c", CLASS, UNCLOSED),
        ("a[*", CLASS, UNCLOSED),
        ("a[*\\]", CLASS, UNCLOSED),
        ("a[]", CLASS, "an empty character class"),
        ("a[^]", CLASS, "an empty character class"),
        ("/[]a]", CLASS, "an empty character class"),
        ("[[:alpha:]]", CLASS, "`]` without a `[` before it"),
        ("b[a-]", CLASS, DASH),
        ("b[a-b-]", CLASS, DASH),
        ("b[ab-]", CLASS, DASH),
        ("b[a\\-]", CLASS, DASH),
        ("b[a-b-c]", CLASS, DASH),
        ("b[\\a-]", CLASS, DASH),
        ("b[\\^]", CLASS, "an empty character class"),
        ("b[*[", CLASS, UNCLOSED),
        ("b[*[]", CLASS, "an empty character class"),
        ("b[+--]", CLASS, "a range in a class cannot end at `-`"),
        ("b[+-\\-]", CLASS, "a range in a class cannot end at `-`"),
        ("b[^^-a]", CLASS, "a range cannot begin at a `^` right behind `[^`"),
        ("b[\\^\\^-a]", CLASS, "a range cannot begin at a `^` right behind `[^`"),
        ("b\\", "trailing-backslash", "a backslash at the end escapes nothing"),
        ("b[\\", "trailing-backslash", "a backslash at the end escapes nothing"),
        ("b[*\\", "trailing-backslash", "a backslash at the end escapes nothing"),
        ("a{b,c", ALTERNATION, "`{` is not closed"),
        ("a{b,{c", ALTERNATION, "`{` is not closed"),
        ("a{b,{c,d}", ALTERNATION, "`{` is not closed"),
        ("a}", ALTERNATION, NOT_OPEN),
        ("{a,b}}", ALTERNATION, NOT_OPEN),
        ("a{b}", ALTERNATION, NO_COMMA),
        ("a{}", ALTERNATION, NO_COMMA),
        ("a{b,{c}}", ALTERNATION, NO_COMMA),
        ("a{{b,c}}", ALTERNATION, NO_COMMA),
        ("a{[,]}", ALTERNATION, NO_COMMA),
        ("a{\\,}", ALTERNATION, NO_COMMA),
        ("a{b,[c-]}", CLASS, DASH),
    ],
)
def test_errors_say_what_is_wrong(glob: str, kind: str, message: str) -> None:
    with pytest.raises(GlobError) as caught:
        parse_glob(glob)
    assert (caught.value.kind, str(caught.value)) == (kind, message)


def test_nesting_has_a_limit() -> None:
    def nested(depth: int) -> str:
        return "{a," * depth + "b" + "}" * depth

    assert MAX_NESTING == 49
    assert matches(parse_glob(nested(49)).pattern, b"b")
    with pytest.raises(GlobError) as caught:
        parse_glob("/" + nested(50))
    assert (caught.value.kind, str(caught.value)) == (
        ALTERNATION,
        "alternations nested too deeply",
    )
