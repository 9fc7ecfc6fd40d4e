"""What a syntax file must say of a profile: the tokens of lsmc's own lexer, and what each is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lsmc.base.source import Source
from lsmc.modules.apparmor.syntax.lexer import Scanner
from lsmc.modules.apparmor.syntax.lexer_modes import KEYWORDS

#: What a highlighter may call a token, by the kind that the lexer gives it.  Kinds that are missing
#: are words, whose meaning the lexer does not know: they are anything but keywords and comments.
ALLOWED: dict[str, frozenset[str]] = {
    **{kind: frozenset({"keyword"}) for kind, _ in KEYWORDS.values() if kind != "RESERVED"},
    "INCLUDE": frozenset({"keyword"}),
    **dict.fromkeys(("AND", "OR", "NOT", "DEFINED"), frozenset({"keyword"})),
    "IN": frozenset({"keyword", "operator"}),
    "CARET": frozenset({"keyword"}),
    "PERMS": frozenset({"permission"}),
    "PERM": frozenset({"permission"}),
    **dict.fromkeys(
        ("COND", "FLAGS", "IDENTITIES", "PRIORITY", "PEER", "XATTRS"), frozenset({"condition"})
    ),
    **dict.fromkeys(("SETVAR", "BOOLVAR"), frozenset({"variable"})),
    **dict.fromkeys(("PATH", "VPATH"), frozenset({"text", "variable", "glob", "name"})),
    "FILENAME": frozenset({"text"}),
    **dict.fromkeys(("ARROW", "ASSIGN", "EQ", "LE", "COMPARE"), frozenset({"operator"})),
    "INT": frozenset({"number"}),
}
WORD = frozenset({"text", "variable", "glob", "name", "constant", "permission", "number", ""})


class Place(NamedTuple):
    """One character of a text, and what a highlighter may call it.

    Attributes:
        line: from 0.
        column: from 0, in bytes.
        token: the kind and the text that the lexer sees there.
        allowed: the names of which the highlighter must give one.
    """

    line: int
    column: int
    token: str
    allowed: frozenset[str]


def places(text: str) -> Iterator[Place]:
    """The first and the last character of each token and comment of a profile without errors."""
    source = Source("text", text)
    scanner = Scanner(source)
    for token in scanner.tokens():
        if token.type in ("EOL", "COMMA", "LPAR", "RPAR", "LBRACE", "RBRACE", "PLUS"):
            continue
        shown, allowed = f"{token.type} {token!s}", ALLOWED.get(token.type, WORD)
        for offset in {token.span.start, token.span.end - 1}:
            yield _place(text, offset, shown, allowed)
    for start in scanner.comments:
        yield _place(text, start, "comment", frozenset({"comment"}))


def _place(text: str, offset: int, token: str, allowed: frozenset[str]) -> Place:
    line_start = text.rfind("\n", 0, offset) + 1
    return Place(text.count("\n", 0, offset), offset - line_start, token, allowed)
