"""A file as statements: the tokens of each, and the comments around and inside them.

A statement is what the formatter puts on a line of its own: a rule with its comma, a directive, an
assignment, the head of a body with its brace, and the closing brace.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lsmc.base.source import Source, Span
from lsmc.modules.apparmor.syntax.lexer import Scanner, Tok

_ENDS = frozenset(("COMMA", "EOL", "LBRACE", "RBRACE"))
_DIRECTIVES = frozenset(("ABI", "ALIAS", "INCLUDE"))
_PREFIXES = frozenset(("PRIORITY", "AUDIT", "EFFECT", "WHOM"))
_CONDITIONS = frozenset(("IF", "ELSE"))


@dataclass(frozen=True, slots=True)
class Statement:
    """The tokens of a statement; `inner` are the comments before a token, by its number.

    The line end that ends an assignment is none of its tokens.
    """

    tokens: tuple[Tok, ...]
    inner: dict[int, tuple[Span, ...]]

    @property
    def first(self) -> str:
        """The kind of its first token."""
        return self.tokens[0].type

    @property
    def last(self) -> str:
        """The kind of its last token."""
        return self.tokens[-1].type

    @property
    def span(self) -> Span:
        """From its first token to its last."""
        return self.tokens[0].span.to(self.tokens[-1].span)


def statements(source: Source) -> Iterator[Statement | Span]:
    """The statements of a source without errors, and the comments between them, in order."""
    scanner = Scanner(source)
    groups = list(_groups(scanner))
    comments = [comment.span for _, comment in sorted(scanner.comments.items())]
    at = 0
    for tokens in groups:
        inner: dict[int, tuple[Span, ...]] = {}
        for number, token in enumerate(tokens):
            first = at
            while at < len(comments) and comments[at].start < token.span.start:
                at += 1
            found = tuple(comments[first:at])
            if number == 0:
                yield from found
            elif found:
                inner[number] = found
        yield Statement(tokens, inner)
    yield from comments[at:]


def is_fragment(elements: Sequence[Statement | Span]) -> bool:
    """Whether a text is made to be included in bodies: its rules stand in no profile.

    One that only includes others tells by how its author indented it.
    """
    open_heads: list[str] = []
    directives = True
    first: Statement | None = None
    for statement in elements:
        if not isinstance(statement, Statement):
            continue
        first = first or statement
        kind = statement.first
        if kind == "RBRACE":
            open_heads.pop()
        elif statement.last == "LBRACE":
            block = kind == "LBRACE" or kind in _PREFIXES
            if block and not any(head not in _CONDITIONS for head in open_heads):
                return True
            open_heads.append(kind)
            directives = directives and kind in _CONDITIONS
        elif statement.last == "COMMA" and kind not in _DIRECTIVES:
            if all(head in _CONDITIONS for head in open_heads):
                return True
        else:
            directives = directives and kind in ("ABI", "INCLUDE")
    return directives and first is not None and _indented(first.span)


def _indented(span: Span) -> bool:
    text = span.source.text
    return text[text.rfind("\n", 0, span.start) + 1 : span.start].strip(" \t") == "" and (
        text[span.start - 1 : span.start] in (" ", "\t")
    )


def _groups(scanner: Scanner) -> Iterator[tuple[Tok, ...]]:
    """The tokens statement by statement."""
    current: list[Tok] = []
    for token in scanner.tokens():
        kind = token.type
        if kind != "EOL":
            current.append(token)
        if kind in _ENDS or (kind == "FILENAME" and current[0].type == "INCLUDE"):
            yield tuple(current)
            current = []
    if current:
        yield tuple(current)
