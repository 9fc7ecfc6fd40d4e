"""The texts of a file by their kind, for colours that follow the language and not patterns."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.source import Span
from lsmc.modules.apparmor.editing.snapshot import Snapshot
from lsmc.modules.apparmor.syntax.lexer import Scanner
from lsmc.modules.editing import Token, TokenKind

#: Kinds of tokens of the lexer by what they are shown as; keywords are those that are no data.
_KINDS: dict[str, TokenKind] = {
    "PATH": "string",
    "VPATH": "string",
    "STRING": "string",
    "WORD": "string",
    "NAME": "string",
    "PERMS": "number",
    "COND": "property",
    "GROUP": "property",
    "SETVAR": "variable",
    "BOOLVAR": "variable",
    "ARROW": "operator",
    "COMPARE": "operator",
    "FILENAME": "string",
    "INT": "number",
    "PERM": "number",
}
_MODIFIERS = frozenset(("AUDIT", "EFFECT", "WHOM", "PRIORITY", "SAFETY", "SUBSET"))
_SIGNS = frozenset(("COMMA", "LBRACE", "RBRACE", "LPAR", "RPAR", "EOL", "END", "$END"))


def tokens(snapshot: Snapshot) -> list[Token]:
    """The texts of a file, in order, none inside of another."""
    whole = [*_comments(snapshot), *_scanned(snapshot)]
    inner = [
        Token(snapshot.span(*_whole(snapshot, one.start, one.end)), "variable", one.defines)
        for one in snapshot.names.names
        if one.kind in ("variable", "boolean")
    ]
    for one in snapshot.names.names:
        if one.kind == "profile":
            inner.append(Token(snapshot.span(one.start, one.end), "class", one.defines))
        elif one.kind == "include":
            inner.append(Token(snapshot.span(one.start, one.end), "string"))
    return list(_divided(_sorted(whole), list(_apart(inner))))


def _comments(snapshot: Snapshot) -> Iterator[Token]:
    for comment in snapshot.parsed.tree.comments:
        yield Token(comment.span, "comment")


def _scanned(snapshot: Snapshot) -> Iterator[Token]:
    if "\0" in snapshot.source.text:
        return
    for token in Scanner(snapshot.source).tokens():
        kind = _KINDS.get(token.type)
        if kind is None and token.type in _MODIFIERS:
            kind = "modifier"
        elif kind is None and token.type not in _SIGNS and str(token)[:1].isalpha():
            kind = "keyword"
        if kind is not None and token.span.end > token.span.start:
            yield Token(token.span, kind)


def _whole(snapshot: Snapshot, start: int, end: int) -> tuple[int, int]:
    """A variable with its sign and braces."""
    text = snapshot.source.text
    if text[start - 1 : start] == "{" and text[end : end + 1] == "}":
        return start - 2, end + 1
    return (start - 1, end) if text[start - 1 : start] in ("@", "$") else (start, end)


def _sorted(found: list[Token]) -> list[Token]:
    return sorted(found, key=lambda one: (one.span.start, one.span.end))


def _apart(found: list[Token]) -> Iterator[Token]:
    """Tokens without those that overlap with one before."""
    end = 0
    for one in _sorted(found):
        if one.span.start >= end:
            yield one
            end = one.span.end


def _divided(whole: list[Token], inner: list[Token]) -> Iterator[Token]:
    """Tokens, cut where inner ones stand in them."""
    at = 0
    for one in _apart(whole):
        while at < len(inner) and inner[at].span.end <= one.span.start:
            yield inner[at]
            at += 1
        start = one.span.start
        while at < len(inner) and inner[at].span.start < one.span.end:
            mid = inner[at].span
            if mid.start > start:
                yield Token(Span(one.span.source, start, mid.start), one.kind)
            yield inner[at]
            start = max(start, mid.end)
            at += 1
        if start < one.span.end:
            yield Token(Span(one.span.source, start, one.span.end), one.kind)
    yield from inner[at:]
