from __future__ import annotations

import pytest

from lsmc.base.source import Source
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.lexer import Scanner, unescape
from lsmc.modules.apparmor.syntax.parser import parse
from tests.modules.apparmor.support import body, items, read, rule


def tokens(text: str) -> list[str]:
    return [f"{token.type} {token}" for token in Scanner(Source("t", text)).tokens()]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r"/\101", "/A"),
        (r"/\x41", "/A"),
        (r"/\d065", "/A"),
        (r"/\d655", "/A5"),
        (r"\400", " 0"),
        (r"\777", r"\?7"),
        (r"\d256", "\x196"),
        (r"\a\e\f\n\r\t", "\a\x1b\f\n\r\t"),
        (r"\x2a\052\d042", r"\*\*\*"),
        (r"\x5c", r"\\"),
        (r"\*\?\[\]\{\}\^\,", r"\*\?\[\]\{\}\^\,"),
        (r"\\x41", r"\\x41"),
        (r"\q\v\ \!", r"\q\v\ \!"),
        (r"\d\x", r"\d\x"),
        (r"\0\000\x00\d0", r"\0\000\x00\d0"),
        (r"\"", '"'),
        (r"\x2f", "/"),
        ("end\\", "end\\"),
    ],
)
def test_escapes(written: str, text: str) -> None:
    assert unescape(written) == text


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("/a r,", ["PATH /a", "PERMS r", "COMMA ,"]),
        ("/a,b r,", ["PATH /a,b", "PERMS r", "COMMA ,"]),
        ("/a r,/b w,", ["PATH /a", "PERMS r", "COMMA ,", "PATH /b", "PERMS w", "COMMA ,"]),
        (r"/a\ b r,", [r"PATH /a\ b", "PERMS r", "COMMA ,"]),
        ('"/a b"r,', ['PATH "/a b"', "PERMS r", "COMMA ,"]),
        ("@{A} r,", ["SETVAR @{A}", "PERMS r", "COMMA ,"]),
        ("@{A}/b r,", ["VPATH @{A}/b", "PERMS r", "COMMA ,"]),
        ("@{A}=x", ["SETVAR @{A}", "ASSIGN =", "WORD x", "EOL "]),
        ("@{A}+=x\n", ["SETVAR @{A}", "ASSIGN +=", "WORD x", "EOL \n"]),
        ("@{A}:=x", ["VPATH @{A}:=x"]),
        ("@AB = x", ["SETVAR @AB", "ASSIGN =", "WORD x", "EOL "]),
        ("@AB=x", ["VPATH @AB=x"]),
        ("@A=x", ["SETVAR @A", "ASSIGN =", "WORD x", "EOL "]),
        ("all,", ["ALL all", "COMMA ,"]),
        ("rwx", ["NAME rwx"]),
        ("r wx ", ["PERMS r", "PERMS wx"]),
        (":ns:a {", ["PATH :ns:a", "LBRACE {"]),
        ("profile/foo {", ["PROFILE profile", "WORD /foo", "LBRACE {"]),
        ("^h {", ["CARET ^", "WORD h", "LBRACE {"]),
        ("signal peer=a,b,", ["SIGNAL signal", "COND peer", "EQ =", "WORD a,b", "COMMA ,"]),
        ("$A = not $B", ["BOOLVAR $A", "ASSIGN =", "NOT not", "BOOLVAR $B", "EOL "]),
        ("if 1>2 {\n}", ["IF if", "WORD 1>2", "LBRACE {", "RBRACE }"]),
        ("if $A{ ", ["IF if", "WORD $A{"]),
        ("mount ->x,", ["MOUNT mount", "WORD ->x", "COMMA ,"]),
        ("/a px ->x,", ["PATH /a", "PERMS px", "ARROW ->", "WORD x", "COMMA ,"]),
        ("flags=(a,,b )", ["FLAGS flags", "EQ =", "LPAR (", "WORD a", "WORD b", "RPAR )"]),
    ],
)
def test_kinds(text: str, kinds: list[str]) -> None:
    assert tokens(text) == kinds


def test_an_escaped_quote_ends_the_string_if_no_quote_follows() -> None:
    assert tokens(r'"/a\" r,') == [r'PATH "/a\"', "PERMS r", "COMMA ,"]
    assert tokens(r'"/a\" r, "/b" w,')[0] == r'PATH "/a\" r, "'


def test_a_comment_is_one_only_between_tokens_of_the_body() -> None:
    file, problems = parse(Source("t", "# one\n/a # two\nr,\n/b#c r,\n@{A} = x # three\n"))
    assert problems == ()
    assert [comment.span.text for comment in file.comments] == ["# one", "# two", "# three"]
    assert read("signal # no\n send,\n")[1] == ("1:8 unexpected-text",)


def test_an_assignment_goes_on_after_a_backslash_at_the_line_end() -> None:
    (item,) = items("@{A} = /a \\\n  /b\n")
    assert isinstance(item, ast.Assign)
    assert [value.text for value in item.values] == ["/a", "/b"]


@pytest.mark.parametrize(
    ("text", "path", "magic", "exists", "pound"),
    [
        ("include <a/b>", "a/b", True, False, False),
        ("include < a b >", "a b", True, False, False),
        ('include "/a b"', "/a b", False, False, False),
        ('include <"a">', "a", True, False, False),
        ("include if exists <x>", "x", True, True, False),
        ("#include <x>", "x", True, False, True),
        ("#includefoo", "foo", False, False, True),
        ("include foo", "foo", False, False, False),
    ],
)
def test_includes(text: str, path: str, magic: bool, exists: bool, pound: bool) -> None:
    (item,) = items(text + "\n")
    assert isinstance(item, ast.Include)
    assert (item.path.text, item.magic, item.if_exists, item.pound) == (path, magic, exists, pound)


def test_hash_blank_include_is_a_comment() -> None:
    assert items("# include <nothing>\n") == ()


def test_words_keep_their_place_and_quotes() -> None:
    text = 'owner "/a b" rw -> c\\x64,'
    node = rule(text)
    assert node.span.text == text
    assert isinstance(node.body, ast.FileRule)
    assert node.body.path is not None
    assert node.body.target is not None
    assert (node.body.path.text, node.body.path.quoted) == ("/a b", True)
    assert node.body.path.span.text == '"/a b"'
    assert (node.body.target.text, node.body.target.span.text) == ("cd", "c\\x64")


def test_bytes_pass_through() -> None:
    node = body("/caf\xc3\xa9\x01\x80 r,")
    assert isinstance(node, ast.FileRule)
    assert node.path is not None
    assert node.path.text == "/caf\xc3\xa9\x01\x80"


def test_windows_line_ends() -> None:
    assert len(items("profile p {\r\n  /a r, # c\r\n}\r\n")) == 1
