"""The lexer of the AppArmor profile language: text to tokens, token text to words.

It walks the modes of `modes` with a stack, as a scanner with states does, because the language has
no one set of tokens: what a comma, a `#` or a brace means depends on the rule it stands in.  Lark's
own lexers were rejected: a contextual one picks by what the grammar expects next, not by which
keyword was read, and accepts texts that the language refuses.

Escapes are resolved in two layers; this is the first: it yields the string that a word stands for,
and keeps a backslash before each byte that globs treat as special.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsmc.base.source import Source, Span
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.lexer_modes import (
    BODY_CONDITIONS,
    CLOSE,
    COMMENT,
    COMMENT_EOL,
    CONDITION,
    END,
    GOTO,
    GROUP,
    GROUPS,
    KEYWORD,
    KEYWORDS,
    NEST,
    OPEN,
    POP,
    PUSH,
    compiled,
)

MAX_DEPTH = 128

_CONTROL = {"a": "\a", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"'}
_GLOB = "*?[]{}^,\\"
ESCAPE = re.compile(
    r"\\(?:x([0-9A-Fa-f]{1,2})"
    r"|d(25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2}|[0-9]{1,2})"
    r"|([0-3][0-7]{0,2}|[0-7]{1,2})"
    r"|([\s\S]))"
)
_ELSE = re.compile(r"(?:[ \t\r\n]|#(?!include)[^\n]*+\n)*+else(?![A-Za-z0-9_])")


class Tok(str):
    """A token: its text, the terminal that it is, and its place."""

    __slots__ = ("span", "type")
    type: str
    span: Span


_new = str.__new__


def make_token(kind: str, span: Span, text: str) -> Tok:
    """A token of a kind."""
    token = _new(Tok, text)
    token.type = kind
    token.span = span
    return token


def _escape(match: re.Match[str]) -> str:
    hexadecimal, decimal, octal, other = match.groups()
    if other is not None:
        return _CONTROL.get(other, match[0])
    if hexadecimal:
        value = int(hexadecimal, 16)
    elif decimal:
        value = int(decimal)
    else:
        value = int(octal, 8)
    if not value:
        return match[0]
    char = chr(value)
    return "\\" + char if char in _GLOB else char


def unescape(text: str) -> str:
    """The string that a word's text stands for, before globs are read."""
    return ESCAPE.sub(_escape, text) if "\\" in text else text


def word(token: Tok) -> ast.Word:
    """The word of a token."""
    text: str = str(token)
    quoted = text[:1] == '"'
    if quoted:
        text = text[1:-1]
    if "\\" in text:
        text = unescape(text)
    return ast.Word(text, token.span, quoted)


class Scanner:
    """The tokens of one source from a body-level place on; recovery moves `pos` and restarts."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.pos = 0
        self.comments: dict[int, ast.Comment] = {}
        # For each open brace: depth of the syntax tree there, and `else` parts chained since.
        self.levels = [0]
        self.chains = [0]

    def tokens(self) -> Iterator[Tok]:
        """Tokens from `pos` on, without an end token."""
        source = self.source
        text = source.text
        pos = self.pos
        stack = ["body"]
        pattern, ops = compiled("body")
        nested = 0
        while True:
            found = pattern.match(text, pos)
            assert found is not None
            kind = found.lastgroup
            assert kind is not None
            start, pos = found.span(kind)
            token = _new(Tok, text[start:pos])
            token.type = kind
            token.span = Span(source, start, pos)
            op = ops.get(kind)
            if op is None:
                yield token
                continue
            action, mode, terminal = op
            if action == POP:
                stack.pop()
            elif action == PUSH:
                stack.append(mode)
                nested = 0
            elif action == KEYWORD:
                terminal, mode = KEYWORDS.get(token, ("", ""))
                if not terminal:
                    yield token
                    continue
                if mode:
                    stack.append(mode)
                    nested = 0
            elif action in (COMMENT, COMMENT_EOL):
                end = pos - (2 if text[pos - 2] == "\r" else 1)
                self.comments[start] = ast.Comment(Span(source, start, end))
                if action == COMMENT:
                    continue
                stack.pop()
                terminal = "EOL"
            elif action == CONDITION:
                terminal, mode = BODY_CONDITIONS.get(token, ("COND", "condition"))
                stack.append(mode)
            elif action == OPEN:
                del stack[1:]
                self.levels.append(self.levels[-1] + self.chains[-1] + 1)
                self.chains.append(0)
                if self.levels[-1] > MAX_DEPTH:
                    terminal = "BAD_DEPTH"
            elif action == CLOSE:
                if len(self.levels) > 1:
                    self.levels.pop()
                    self.chains.pop()
                self.chains[-1] = self.chains[-1] + 1 if _ELSE.match(text, pos) else 0
            elif action == GROUP:
                stack.append("group")
                terminal = GROUPS[token]
            elif action == GOTO:
                stack[-1] = mode
            elif action == NEST:
                nested += 1
                if nested > MAX_DEPTH:
                    terminal = "BAD_DEPTH"
            elif action == END:
                if stack[-1] in ("assign", "expression line"):
                    token.type = "EOL"
                    yield token
                return
            if terminal:
                token.type = terminal
            yield token
            pattern, ops = compiled(stack[-1])

    def reset(self, depth: int) -> None:
        """Go on from `pos` with a number of open braces."""
        del self.levels[depth + 1 :]
        del self.chains[depth + 1 :]
        while len(self.levels) <= depth:
            self.levels.append(self.levels[-1] + 1)
            self.chains.append(0)
