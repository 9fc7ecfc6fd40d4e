"""Where to go on after a syntax error, found in the text.

The parser can only say that a token does not fit.  Where the next rule starts is a question about
how people write: at the comma that ends a rule, at a line that begins like a rule, at a brace that
stands alone.  Skipping token by token was rejected, because after an error the lexer's mode is as
doubtful as the parser's state.
"""

from __future__ import annotations

import re
from typing import Any

from lsmc.base.source import Span
from lsmc.modules.apparmor.syntax.lexer import Tok

_ITEM_WORDS = (
    "include|profile|hat|abi|alias|rewrite|audit|allow|deny|prompt|owner|user|other|file|link"
    "|capability|network|unix|dbus|signal|ptrace|mount|remount|umount|unmount|pivot_root"
    "|change_profile|set|userns|io_uring|mqueue|all|if"
)
_STARTS = rf"#include|(?:{_ITEM_WORDS})(?=[ \t\r\n,{{])|priority[ \t]*=|[\^}}$]"
_PATHS = r'|(?:safe|unsafe)[ \t]|"?[/@]'
_TAIL = (
    r"|(?P<comment>(?<![^ \t\n])#[^\n]*)"
    r'|(?P<string>"[^"\n]*")'
    r"|(?P<open>\()|(?P<close>\))"
    r"|(?P<comma>,(?=[ \t\r\n]|\Z))"
    r"|(?P<brace>(?<![^ \t\n)])[{}](?=[ \t\r\n{}]|\Z)|(?<=,)\})"
)
_ANY_START = re.compile(rf"(?P<start>\n[ \t\r]*+(?:{_STARTS}{_PATHS})){_TAIL}")
_KEYWORD_START = re.compile(rf"(?P<start>\n[ \t\r]*+(?:{_STARTS})){_TAIL}")
_PREFIXES = re.compile(
    r"(?:[ \t\r\n]*+(?:(?:audit|allow|deny|prompt|owner|user|other)(?=[ \t\r\n{])"
    r"|priority[ \t]*=[ \t]*[^ \t\r\n]*))*"
)
# Rules whose words may be paths on lines of their own.
_TAKES_PATHS = frozenset(
    ("MOUNT", "REMOUNT", "UMOUNT", "LINK", "PIVOT_ROOT", "CHANGE_PROFILE", "ALIAS", "MQUEUE")
)


def next_item(text: str, pos: int, read: list[Tok]) -> int:
    """The offset at which the next item may start, or an open brace, at or after `pos`.

    `read` are the tokens of the broken item before `pos`.
    """
    depth = sum((t.type == "LPAR") - (t.type == "RPAR") for t in read)
    paths = not any(t.type in _TAKES_PATHS for t in read)
    pattern = _ANY_START if paths else _KEYWORD_START
    while found := pattern.search(text, pos):
        kind = found.lastgroup
        pos = found.end()
        if kind == "start":
            return found.start() + 1
        if kind == "brace":
            return found.start()
        if kind == "comma" and depth <= 0:
            return pos
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
    return len(text)


def after_prefixes(text: str, pos: int) -> int:
    """The offset behind a run of prefix words."""
    found = _PREFIXES.match(text, pos)
    return found.end() if found else pos


def line_end(text: str, pos: int) -> int:
    """The offset of the end of a line, before its newline."""
    end = text.find("\n", pos)
    return len(text) if end < 0 else end


def word_end(text: str, pos: int) -> int:
    """The offset of the next blank or line end."""
    while pos < len(text) and text[pos] not in " \t\n":
        pos += 1
    return pos


def starts_line(token: Tok) -> bool:
    """Whether only blanks stand before a token on its line."""
    text, pos = token.span.source.text, token.span.start
    return not text[text.rfind("\n", 0, pos) + 1 : pos].strip(" \t\r")


def glued_brace(token: Tok) -> bool:
    """Whether an unquoted word ends in a brace that it does not close."""
    end = token.span.end
    follower = token.span.source.text[end : end + 1]
    return len(token) > 1 and token[-1] == "{" and token[0] != '"' and not follower.strip()


def open_brace(token: Tok) -> bool:
    """Whether an unquoted word opens an alternation that it does not close."""
    return token[:1] != '"' and token.count("{") > token.count("}")


def inner_comma(token: Tok) -> int:
    """Offset in an unquoted word of the first comma that stands outside its braces, or -1."""
    if token[:1] == '"':
        return -1
    depth = 0
    escaped = False
    for at, char in enumerate(token):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == "{":
            depth += 1
        elif char == "}":
            depth = max(0, depth - 1)
        elif char == "," and not depth:
            return at
    return -1


def lone_brace(read: list[Tok]) -> int:
    """Which of some tokens is a `}` that begins a line and was read as a word; 0 for none."""
    return next((at for at, t in enumerate(read) if at and t == "}" and starts_line(t)), 0)


def first_offset(value: Any, default: int) -> int:
    """Offset of the first token of a value on the stack."""
    if isinstance(value, Tok):
        return value.span.start
    span = getattr(value, "span", None)
    if isinstance(span, Span):
        return span.start
    if isinstance(value, tuple) and value and isinstance(value[-1], Tok):
        return value[-1].span.start
    return default
