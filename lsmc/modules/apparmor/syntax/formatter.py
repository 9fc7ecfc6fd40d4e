"""The layout of an AppArmor file: indentation, spaces and line ends; every word stays.

The formatter works on tokens, not on the tree: what is written between two tokens is replaced, the
tokens themselves are copied, so comments, quotes, escapes and the order of rules cannot get lost.
Line breaks within a rule are the author's and stay, with their indentation relative to the rule.
The language reads blanks differently from place to place, so the result is scanned again, and a
statement that would be read differently is left as it was written.  Printing the tree with the
comments put back was rejected: it rewrites escapes, and a comment has many places in a tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lsmc.base.source import Source, Span
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.lexer import Tok
from lsmc.modules.apparmor.syntax.permission_words import in_order
from lsmc.modules.apparmor.syntax.statements import Statement, is_fragment, statements

INDENT = "  "
_ATTEMPTS = 16
_EXPRESSIONS = frozenset(("IF", "ELSE", "BOOLVAR"))
# Before and after these no line break is kept.
_TIGHT_BEFORE = frozenset(("COMMA", "EQ", "LBRACE", "ASSIGN"))
_TIGHT_AFTER = frozenset(("EQ", "CARET", "INCLUDE"))


def format_text(source: Source, *, words: bool = True) -> str:
    """The text of a source in good layout; the source must have no syntax errors.

    With `words`, letters of permissions are put in order and `#include` is written `include`.
    """
    elements = list(statements(source))
    wanted: list[tuple[str, ...]] = []
    verbatim: set[int] = set()
    for _ in range(_ATTEMPTS):
        text = _Layout(source, words, verbatim).text(elements)
        if text == source.text:
            return text
        wanted = wanted or _reading(elements)
        got = _reading(statements(Source(source.path, text)))
        if got == wanted:
            return text
        changed = _first_change(wanted, got)
        while changed in verbatim:
            changed -= 1
        if changed < 0:
            break
        verbatim.add(changed)
    return source.text


def same_meaning(one: ast.File, other: ast.File) -> bool:
    """Whether two trees differ at most in what the formatter may change of a word."""
    if ast.meaning(one) == ast.meaning(other):
        return True
    return ast.meaning(_plain(one.items)) == ast.meaning(_plain(other.items))


def _plain(items: Iterable[ast.Item]) -> tuple[ast.Item, ...]:
    return tuple(_plain_item(item) for item in items)


def _plain_item(item: ast.Item) -> ast.Item:
    match item:
        case ast.Include(pound=True):
            return item._replace(pound=False)
        case ast.Rule(_, ast.FileRule(perms=ast.Word() as perms) as body):
            return item._replace(body=body._replace(perms=_plain_word(perms)))
        case ast.Block() | ast.Profile():
            return item._replace(body=_plain(item.body))
        case ast.If():
            return item._replace(body=_plain(item.body), orelse=_plain(item.orelse))
        case _:
            return item


def _plain_word(perms: ast.Word) -> ast.Word:
    return perms._replace(text=in_order(perms.text))


# What a text is read as.


def _reading(elements: Iterable[Statement | Span]) -> list[tuple[str, ...]]:
    """Each statement and comment with its words in order: equal readings, equal trees."""
    found = []
    for element in elements:
        if isinstance(element, Statement):
            words = [part for token in element.tokens for part in (token.type, _word(token, True))]
            inner = [_comment(c) for _, spans in sorted(element.inner.items()) for c in spans]
            found.append((*words, *inner))
        else:
            found.append((_comment(element),))
    return found


def _first_change(one: list[tuple[str, ...]], other: list[tuple[str, ...]]) -> int:
    for number, (before, after) in enumerate(zip(one, other, strict=False)):
        if before != after:
            return number
    return min(len(one), len(other) + 1) - 1


def _word(token: Tok, words: bool) -> str:
    text = str(token)
    if not words:
        return text
    if token.type == "INCLUDE":
        return " ".join(text.removeprefix("#").split())
    return in_order(text) if token.type == "PERMS" else text


def _comment(span: Span) -> str:
    return span.text.rstrip()


# Layout.


class _Layout:
    """One text in the making: its lines, the open braces, and how far the source is done."""

    def __init__(self, source: Source, words: bool, verbatim: set[int]) -> None:
        self.source = source
        self.words = words
        self.verbatim = verbatim
        self.lines: list[str] = []
        self.depth = 0
        self.done = 0
        self.after = ""  # the last token, when nothing has come since

    def text(self, elements: Sequence[Statement | Span]) -> str:
        """The whole text.

        The rules of a text that is included in bodies are indented as in a body, its header is not.
        """
        fragment = is_fragment(elements)
        start = _header(elements) if fragment else len(elements)
        end = _last(elements) + 1
        for number, element in enumerate(elements):
            if number == start:
                self.depth = 1
            if number == end and fragment and not _margin(self.source.text, _span(element).start):
                self.depth = 0
            if isinstance(element, Statement):
                self.statement(element, number in self.verbatim)
            else:
                self.comment(element)
        return "\n".join(self.lines) + "\n" if self.lines else ""

    def gap(self, until: int) -> str:
        """What stands between the last thing done and a place."""
        return self.source.text[self.done : until]

    def line(self, text: str, start: int) -> None:
        """A new line, after a blank one if there was one."""
        if self.lines and self.gap(start).count("\n") > 1:
            self.lines.append("")
        self.lines.append(text)

    def comment(self, span: Span) -> None:
        """A comment between statements: behind the last one, or on its own line."""
        gap = self.gap(span.start)
        if self.lines and "\n" not in gap:
            self.lines[-1] += _before_comment(gap) + _comment(span)
        else:
            self.line(INDENT * self.depth + _comment(span), span.start)
        self.done = span.end
        self.after = ""

    def statement(self, statement: Statement, verbatim: bool) -> None:
        """A statement on a line of its own; `else` goes behind the brace before it."""
        span = statement.span
        if statement.first == "RBRACE":
            self.depth -= 1
        indent = INDENT * self.depth
        text = span.text if verbatim else "\n".join(self.folded(statement, indent))
        if statement.first == "ELSE" and self.after == "RBRACE":
            self.lines[-1] += " " + text
        else:
            self.line(indent + text, span.start)
        if statement.last == "LBRACE":
            self.depth += 1
        self.done = span.end
        self.after = statement.last

    def folded(self, statement: Statement, indent: str) -> Iterator[str]:
        """The lines of a statement; the first without its indentation."""
        source, tokens = self.source.text, statement.tokens
        margin = _margin(source, tokens[0].span.start)
        commas = _commas(source, statement)
        continued = " \\" if "ASSIGN" in (token.type for token in tokens[1:2]) else ""
        line = _word(tokens[0], self.words)
        for number in range(1, len(tokens)):
            before, token = tokens[number - 1], tokens[number]
            gap = source[before.span.end : token.span.start]
            between = commas.get(number, "") or _between(before.type, token.type, gap)
            at = max(_margin(source, token.span.start) - margin, _least(token.type))
            start = indent + " " * at
            if number in statement.inner:
                for comment in statement.inner[number]:
                    gap = source[before.span.end : comment.start]
                    if "\n" not in gap:
                        line += _before_comment(gap) + _comment(comment)
                    else:
                        yield line
                        line = indent + INDENT + _comment(comment)
                yield line
                line = start
            elif (
                "\n" in gap and token.type not in _TIGHT_BEFORE and before.type not in _TIGHT_AFTER
            ):
                yield line + between.rstrip() + continued
                line = start
            else:
                line += between
            line += _word(token, self.words)
        yield line


def _header(elements: Sequence[Statement | Span]) -> int:
    """How many comments stand before the first statement, without the block right above it.

    The block at the start of the text is its header even when no blank line follows.
    """
    first = next(n for n, element in enumerate(elements) if isinstance(element, Statement))
    number = first
    while number:
        above, below = elements[number - 1], elements[number]
        assert isinstance(above, Span)
        if above.source.text.count("\n", above.end, _span(below).start) > 1:
            return number
        number -= 1
    return first


def _last(elements: Sequence[Statement | Span]) -> int:
    """The number of the last statement."""
    return max(
        (n for n, element in enumerate(elements) if isinstance(element, Statement)), default=0
    )


def _span(element: Statement | Span) -> Span:
    return element.span if isinstance(element, Statement) else element


def _before_comment(gap: str) -> str:
    """The blanks before a comment behind something; columns of comments are the author's."""
    return gap if gap and not gap.strip(" ") else " "


def _least(kind: str) -> int:
    """How far a continuation line is indented at least."""
    return 0 if kind in ("RPAR", "LBRACE") else len(INDENT)


def _margin(text: str, at: int) -> int:
    """The indentation of the line of a place; a tab is a level."""
    start = text.rfind("\n", 0, at) + 1
    end = start
    while text[end : end + 1] in (" ", "\t"):
        end += 1
    return len(text[start:end].replace("\t", INDENT))


def _commas(text: str, statement: Statement) -> dict[int, str]:
    """What separates the elements of each list, by the number of the token behind it."""
    if statement.first in _EXPRESSIONS:
        return {}
    found: dict[int, str] = {}
    lists: list[list[int]] = []
    with_commas: list[bool] = []
    tokens = statement.tokens
    for number, token in enumerate(tokens):
        before = tokens[number - 1].type if number else ""
        boundary = lists and before not in ("LPAR", "EQ") and token.type not in ("RPAR", "EQ")
        if boundary:
            lists[-1].append(number)
            gap = text[tokens[number - 1].span.end : token.span.start]
            with_commas[-1] = with_commas[-1] or "," in gap
        if token.type == "LPAR":
            lists.append([])
            with_commas.append(False)
        elif token.type == "RPAR" and lists:
            separator = ", " if with_commas.pop() else " "
            found.update(dict.fromkeys(lists.pop(), separator))
    return found


def _between(before: str, after: str, gap: str) -> str:
    """What separates two tokens on a line, outside lists."""
    if after in ("COMMA", "EQ", "RPAR") or before in ("CARET", "EQ", "LPAR"):
        return ""
    if before == "INT" and after == "NAME":
        return " " if gap else ""
    return " "
