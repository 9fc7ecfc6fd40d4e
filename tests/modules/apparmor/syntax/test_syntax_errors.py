"""The words of syntax errors, and what is kept of a file that has them."""

from __future__ import annotations

import re

import pytest

from lsmc.base.source import Source
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.lexer import MAX_DEPTH
from lsmc.modules.apparmor.syntax.parser import parse
from tests.modules.apparmor.support import items, read

GOLDEN = """
/a r
  1:5 missing-comma: expected `,` at the end of this rule, found the end of the file
  help: write `,` behind the rule
profile p {↵/a r # why↵}
  2:5 missing-comma: expected `,` at the end of this rule, found `}`
  help: write `,` behind the rule
profile p {↵signal↵}
  2:7 missing-comma: expected `,` at the end of this rule, found `}`
  help: write `,` behind the rule
profile p {↵/a r,↵}↵/b r,↵if $X {↵/c r,↵}↵}
  3:1 unexpected-text: profile `p` ended at line 3: one `}` too many
  help: remove this one, or the last one
profile p flags=complain {↵}
  1:17 bad-profile-head: expected `(` before `complain`: flags stand in parentheses
  help: write `flags=(complain)`
profile p flags=audit,complain {↵}
  1:17 bad-profile-head: expected `(` before `audit,complain`: flags stand in parentheses
  help: write `flags=(audit,complain)`
\ufeffprofile p {↵/a r,↵}
  1:1 unexpected-text: the file begins with a byte order mark (U+FEFF)
  help: save it as UTF-8 without one
/a\u00a0r,
  1:3 unexpected-text: this is a no-break space (U+00A0), which parts no words
  help: write a plain blank
\u200b/a r,
  1:1 unexpected-text: an invisible character stands here: a zero-width space (U+200B)
  help: delete it
\u201c/a\u201d r,
  1:1 unexpected-text: `\u201c` (U+201C) is a letter like any other and quotes nothing
  help: write `"`
/a px \u2192 b,
  1:7 unexpected-text: `\u2192` (U+2192) is a letter like any other
  help: write `->`
,
  1:1 stray-comma: this comma ends no rule
profile p { },
  1:14 stray-comma: this comma ends no rule
"a" r,
  1:1 relative-quoted-path: a quoted path must start with `/`, `@`, `:` or `&`: found `"a"`
"/a r,
  1:1 unexpected-text: this quote is never closed
profile p { network inet,}
  1:21 swallowed-comma: the comma in `inet,}` is part of the word and ends no rule
/a px -> /b,/c r,
  1:10 swallowed-comma: the comma in `/b,/c` is part of the word and ends no rule
/foo{↵/a r,↵}
  1:1 glued-brace: the `{` is part of the word `/foo{`
profile foo{↵/a r,↵}
  1:9 glued-brace: the `{` is part of the word `foo{`
if $A{↵/a r,↵}
  1:4 glued-brace: the `{` is part of the word `$A{`
if $A {/a r, }
  1:7 glued-brace: the `{` is part of the word `{/a`
/a rA,
  1:4 unknown-permission: `rA` is not a permission word
  help: not a permission: `A`
/a q,
  1:4 unknown-permission: `q` is not a permission word
/a read,
  1:4 unknown-permission: `read` is not a permission word
  help: not a permission: `e`, `d`
/a ,
  1:4 unexpected-text: expected permissions after `/a`, found `,`
/{a, b} r,
  1:4 unexpected-text: expected permissions after `/{a`, found `,`
  help: quote a path that holds a blank, or a comma before a blank
capabilty kill,
  1:11 unexpected-text: expected permissions after `capabilty`, found `kill`
  help: did you mean `capability`?
netwrk inet tcp,
  1:8 unexpected-text: expected permissions after `netwrk`, found `inet`
  help: did you mean `network`?
include <x>,
  1:12 comma-after-include: an include takes no comma
abi <kernel>↵profile p { }
  2:1 abi-without-comma: expected `,` at the end of this abi rule, found `profile`
@{A}=/a,
  1:8 comma-after-assignment: a variable assignment takes no comma
@{A}=
  1:1 empty-assignment: `@{A}` is assigned no value
deny if true { }
  1:6 prefix-before-if: no prefix may stand before `if`
priority=x /a r,
  1:10 bad-priority: a priority is a whole number, not `x`
deny audit /a r,
  1:6 prefix-order: `audit` may not follow `deny`
audit set rlimit cpu <= 1,
  1:7 unexpected-text: no prefix may stand before `set`
link /a,
  1:8 bad-link-rule: `link` needs `->` and a target, found `,`
file link /a -> /b,
  1:6 bad-link-rule: `file` may not stand before `link`
mount /a /b,
  1:10 second-mount-path: a second path needs `->` before it: found `/b`
mqueue /a label=b,
  1:11 misplaced-mqueue-condition: conditions stand before the queue name: `label` follows `/a`
userns (create),
  1:8 bad-userns: `userns` takes only `create`, not `(create)`
all /a,
  1:5 words-after-all: `all` takes nothing, found `/a`
/x flags=() { }
  1:11 bad-profile-head: this list is empty
/x flags=(a) xattrs=(b) { }
  1:14 bad-profile-head: `xattrs` may not stand here
@{X} { }
  1:6 bad-profile-head: a profile name may start with a variable only after `profile`
profile "" { }
  1:9 bad-profile-head: a profile name may not be empty
profile↵foo { }
  1:8 bad-profile-head: expected a name on the line of `profile`, found the end of the line
profile p↵  /a r,↵}
  2:3 bad-profile-head: expected `{` after `p`, found `/a`
network inet raw tcp,
  1:18 unexpected-text: expected `,` at the end of this rule, found `tcp`
dbus # note↵ send,
  1:6 unexpected-text: no comment may stand between `dbus` and its comma
}
  1:1 unexpected-text: this `}` closes nothing
profile p { /a r, }↵include if exists <x>↵}
  3:1 unexpected-text: this `}` closes nothing
else { }
  1:1 unexpected-text: this `else` follows no `if`
profile p {
  2:1 unexpected-text: this file ends inside braces
@{1A} = x
  1:1 unexpected-text: this is not a variable
"""


@pytest.mark.parametrize("case", re.findall(r"^\S.*\n(?:  .*\n)+", GOLDEN, re.MULTILINE))
def test_words(case: str) -> None:
    text, said, *more = case.splitlines()
    end = "" if text == '"/a r,' else "\n"
    _, problems = parse(Source.from_bytes("t", (text.replace("↵", "\n") + end).encode()))
    (problem,) = problems
    assert f"{problem.line}:{problem.column} {problem.name}: {problem.message}" == said.strip()
    assert not more or f"  help: {problem.help}" == more[0]


def test_a_comment_needs_a_line_end() -> None:
    file, problems = read("/a r, # x")
    assert problems == ("1:7 unterminated-comment",)
    assert ast.meaning(file) == ast.meaning(items("/a r,\n"))


def test_every_error_once_and_the_rest_is_kept() -> None:
    file, problems = read(
        "abi <abi/4.0>\n"
        "@{A} = /a,\n"
        "profile one {\n"
        "  /a r\n"
        "  /b w,\n"
        "  capabilty kill,\n"
        "  deny audit /c w,\n"
        "  include <x>,\n"
        "  network inet stream\n"
        "  signal send,\n"
        "  dbus send\n"
        "    bus=session foo\n"
        "    path=/a,\n"
        "  link /l,\n"
        "  /d rwz, /e r,\n"
        "  mount /a /b,\n"
        "}\n"
        "profile two{\n"
        "  /f r,\n"
        "}\n"
        "profile three {\n"
        "  /g r }\n"
    )
    assert problems == (
        "2:1 abi-without-comma",
        "2:10 comma-after-assignment",
        "4:7 missing-comma",
        "6:13 unexpected-text",
        "7:8 prefix-order",
        "8:14 comma-after-include",
        "9:22 missing-comma",
        "12:17 unexpected-text",
        "14:10 bad-link-rule",
        "15:6 unknown-permission",
        "16:12 second-mount-path",
        "18:9 glued-brace",
        "22:7 missing-comma",
    )
    wanted = items(
        "abi <abi/4.0>,\n@{A} = /a\n"
        "profile one { /a r, /b w, deny /c w, include <x>\n"
        " network inet stream, signal send, /e r, }\n"
        "profile two { /f r, }\n"
        "profile three { /g r, }\n"
    )
    assert ast.meaning(file) == ast.meaning(wanted)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("profile p flags=complain { /a r, }", "profile p { /a r, }"),
        ("profile p\n  /a r,\n  /b r,\n}", "profile p { /a r, /b r, }"),
        ("profile p\n{ deny if $A { /a r, } }", "profile p { if $A { /a r, } }"),
        ("if $A === $B { /a r, } else { /b r, }", "if true { /a r, } else { /b r, }"),
        ("priority=x /a r,", "/a r,"),
        ("/a\n/b r,\n", "/b r,"),
        ("profile p { /a r, foo! bar, /b r, }", "profile p { /a r, /b r, }"),
        ("profile p { signal (send,\n /a r,\n}", "profile p { /a r, }"),
        ("profile p { /a r, ( /b r,\n /c r,\n}", "profile p { /a r, /c r, }"),
        ("}\n/a r,", "/a r,"),
        ("else { /a r, }", "{ /a r, }"),
        ("profile p { /a r, ", "profile p { /a r, }"),
        ("profile a { profile b { /a r ", "profile a { profile b { /a r, } }"),
        ("@{A} =\n/a r,", "/a r,"),
        ("$A = not\n/a r,", "/a r,"),
        ("include <x>, /a r,", "include <x>\n/a r,"),
        ("set rlimit cpu <= 1\n/a r,", "set rlimit cpu <= 1, /a r,"),
        ("audit profile p { /a r, }", "profile p { /a r, }"),
    ],
)
def test_recovery(text: str, same: str) -> None:
    file, problems = read(text + "\n")
    assert len(problems) == 1
    assert ast.meaning(file) == ast.meaning(items(same + "\n"))


@pytest.mark.parametrize(
    "text",
    [
        "{" * 5000,
        "profile a {\n" * 5000,
        "$a = " + "(" * 5000 + "\n",
        "$a = " + "not " * 5000 + "true\n",
        "$a = true" + " and true" * 5000 + "\n",
        "if $a {\n}" + " else if $a {\n}" * 5000 + "\n",
    ],
)
def test_deep_nesting_is_an_error(text: str) -> None:
    file, problems = read(text)
    assert len(problems) == 1
    assert problems[0].endswith("nested-too-deeply")
    assert ast.meaning(file)  # comparing does not recurse too deeply either


def test_the_limit_of_nesting_is_exact() -> None:
    assert read("{\n" * MAX_DEPTH + "}\n" * MAX_DEPTH)[1] == ()
    assert read("{\n" * (MAX_DEPTH + 1))[1] == (f"{MAX_DEPTH + 1}:1 nested-too-deeply",)
    half = "if $a {\n" * (MAX_DEPTH // 2)
    chain = half + "}\n" + "else if $a {\n}\n" * (MAX_DEPTH // 2 - 1)
    assert not any("nested" in problem for problem in read(chain)[1])
    assert any("nested" in problem for problem in read(chain + "else if $a {\n{\n")[1])


def test_spans_stay_inside_the_file() -> None:
    text = "profile p {\n  /a r, # c\n  signal (send) peer=x,\n}\n"
    file, _ = parse(Source("t", text))
    (profile,) = file.items
    assert isinstance(profile, ast.Profile)
    assert profile.span.text == text.rstrip("\n")
    assert [item.span.text for item in profile.body] == ["/a r,", "signal (send) peer=x,"]
