"""The LALR tables of a grammar, by Lark.

Lark's `%import` was rejected for the fragments of the grammar: it renames what it imports, and the
names of terminals are what error messages are made from.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from lark import Lark, Token
from lark.lexer import Lexer, LexerState
from lark.parsers.lalr_analysis import Shift

START = "file"
END = "$END"


class Production(NamedTuple):
    """What a row of states is reduced to: a name, of so many children, by a callback."""

    name: str
    size: int
    callback: str


class Tables(NamedTuple):
    """Productions, and for each state, 0 the first, what comes of a symbol.

    A number is the state to go to; a negative one is the production to reduce, as `~number`.
    """

    productions: list[Production]
    states: list[dict[str, int]]


class _NoLexer(Lexer):
    """Stands for the lexer, which Lark is not asked to run."""

    __future_interface__ = 2

    def __init__(self, _: Any) -> None:
        pass

    def lex(self, _: LexerState, __: Any) -> Iterator[Token]:
        """No tokens."""
        yield from ()


def make_tables(text: str) -> Tables:
    """The tables of a grammar's text; the same for the same text, whatever the hash seed."""
    lark = Lark(
        text,
        parser="lalr",
        lexer=_NoLexer,
        start=START,
        keep_all_tokens=True,
        maybe_placeholders=False,
        propagate_positions=False,
    )
    conf = lark.parse_interactive().parser_state.parse_conf
    rows: dict[Any, dict[str, tuple[Any, Any]]] = {
        **conf.states,
        conf.end_state: {END: (Shift, conf.end_state)},
    }
    found = [conf.start_state]
    numbers = {conf.start_state: 0}
    productions: dict[Production, int] = {}
    states = []
    for state in found:
        row = {}
        for symbol, (action, argument) in sorted(rows[state].items()):
            if action is Shift:
                if argument not in numbers:
                    numbers[argument] = len(found)
                    found.append(argument)
                row[symbol] = numbers[argument]
            else:
                row[symbol] = ~productions.setdefault(_production(argument), len(productions))
        states.append(row)
    return Tables(list(productions), states)


def _production(rule: Any) -> Production:
    """A rule of Lark's; one marked `?` with one child and no name of its own is that child."""
    size = len(rule.expansion)
    passed = rule.options.expand1 and size == 1
    return Production(
        rule.origin.name, size, rule.alias or ("first" if passed else rule.origin.name)
    )
