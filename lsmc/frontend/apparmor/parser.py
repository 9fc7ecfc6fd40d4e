"""From text to the syntax tree of an AppArmor file, with every syntax error on the way."""

from __future__ import annotations

from typing import Any

from lark.exceptions import UnexpectedToken

from lsmc.diagnostics import Diagnostic
from lsmc.frontend.apparmor import ast
from lsmc.frontend.apparmor.errors import error
from lsmc.frontend.apparmor.grammar import grammar
from lsmc.frontend.apparmor.lexer import Scanner, make_token
from lsmc.source import Source, Span


def parse(source: Source) -> tuple[ast.File, tuple[Diagnostic, ...]]:
    """The file that a source holds, and what is wrong with its syntax."""
    scanner = Scanner(source)
    state = grammar().parse_interactive().parser_state
    end = len(source.text)
    items: Any = ()
    problems: list[Diagnostic] = []
    token = make_token("$END", Span(source, end, end), "")
    try:
        for token in scanner.tokens():
            state.feed_token(token)
        token = make_token("$END", Span(source, end, end), "")
        items = state.feed_token(token, True)
    except UnexpectedToken:
        problems.append(error("unexpected-text", token.span, f"unexpected `{token!s}`"))
    comments = tuple(scanner.comments.values())
    return ast.File(items, comments, Span(source, 0, end)), tuple(problems)
