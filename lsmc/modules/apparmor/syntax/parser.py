"""From text to the syntax tree of an AppArmor file, with every syntax error on the way.

Lark's tables drive the parse and its reductions build the tree; this module takes the tokens and
recovers.  A token that does not fit is explained once, the stack is cut back to the enclosing body,
and reading goes on at the next rule, so that one run reports every error and keeps the rest of the
file.  Where the fault is plain (a comma left out, a brace glued to a word) it is mended instead,
and the rule is kept.  An error production in the grammar was rejected: Lark has none, and the cuts
depend on the text, not on the tokens.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source, Span
from lsmc.modules.apparmor.errors import error
from lsmc.modules.apparmor.syntax import ast, resync
from lsmc.modules.apparmor.syntax.builder import BracedBody
from lsmc.modules.apparmor.syntax.cascades import rejoined
from lsmc.modules.apparmor.syntax.fault import PREFIXES, SyntaxFault
from lsmc.modules.apparmor.syntax.foreign_characters import MARK, not_text
from lsmc.modules.apparmor.syntax.grammar import steps
from lsmc.modules.apparmor.syntax.lexer import Scanner, Tok, make_token
from lsmc.modules.apparmor.syntax.syntax_errors import (
    HEADS,
    ITEM_STARTS,
    WORDS,
    explain,
    lacks_comma,
)

_NO_STEP = -(2**31)
#: Syntax errors of a file that are looked for.
MAX_PROBLEMS = 1000
_PATHS = frozenset(("PATH", "VPATH", "NAME", "SETVAR"))
# Tokens that start an item wherever they stand, and those that do at the start of a line.
_STARTS = HEADS | {"IF", "SET", "INCLUDE", "ABI", "ALIAS", "LBRACE", "RBRACE"}
_BEGINNINGS = (ITEM_STARTS | {"PERMS"}) - {"SUBSET", "LBRACE"}
_LINE_STARTS = ITEM_STARTS - {"NAME", "SUBSET", "$END"}


def parse(source: Source) -> tuple[ast.File, tuple[Diagnostic, ...]]:
    """The file that a source holds, as far as it can be read, and what is wrong with its syntax.

    What holds a NUL byte is not text: one error says so, however long the file.
    """
    at = source.text.find("\0")
    if at >= 0:
        whole = Span(source, 0, len(source.text))
        return ast.File((), (), whole), (not_text(Span(source, at, at + 1)),)
    return _Parse(source).run()


class _UnexpectedToken(Exception):
    """A token that does not fit, and the terminals that the parser's state has a step for."""

    def __init__(self, token: Tok, terminals: frozenset[str]) -> None:
        super().__init__(token)
        self.token = token
        self.terminals = terminals


class _Parse:
    """One parse: the scanner, the parser's stacks and the problems so far."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.scanner = Scanner(source)
        self.rows, self.reductions = steps()
        self.states = [0]
        self.values: list[Any] = []
        self.problems: list[Diagnostic] = []
        self.seen: set[int] = set()

    def run(self) -> tuple[ast.File, tuple[Diagnostic, ...]]:
        """Feed every token; recover at each that does not fit."""
        end = len(self.source.text)
        whole = Span(self.source, 0, end)
        last = make_token("$END", Span(self.source, end, end), "")
        while True:
            try:
                self.take(chain(self.scanner.tokens(), (last,)))
                break
            except _UnexpectedToken as unexpected:
                self.recover(unexpected.token, unexpected.terminals)
        comments = tuple(comment for _, comment in sorted(self.scanner.comments.items()))
        return ast.File(self.values[0], comments, whole), tuple(self.problems)

    def take(self, tokens: Iterable[Tok]) -> None:
        """Feed tokens; raises `_UnexpectedToken`."""
        rows, reductions = self.rows, self.reductions
        states, values = self.states, self.values
        for token in tokens:
            kind = token.type
            while (step := rows[states[-1]].get(kind, _NO_STEP)) < 0:
                if step == _NO_STEP:
                    raise _UnexpectedToken(token, frozenset(filter(str.isupper, rows[states[-1]])))
                size, make, name = reductions[~step]
                if size:
                    children = values[-size:]
                    del states[-size:]
                    del values[-size:]
                    values.append(make(children))
                else:
                    values.append(make([]))
                states.append(rows[states[-1]][name])
            states.append(step)
            values.append(token)

    # The stacks.

    def at_item(self) -> bool:
        """Whether the parser stands where an item may start."""
        return "item" in self.rows[self.states[-1]]

    def accepts(self, kind: str) -> bool:
        """Whether a terminal would be shifted; the tables' own rows are too generous."""
        stack = list(self.states)
        while (step := self.rows[stack[-1]].get(kind)) is not None:
            if step >= 0:
                return True
            size, _, name = self.reductions[~step]
            if size:
                del stack[-size:]
            stack.append(self.rows[stack[-1]][name])
        return False

    def cut(self) -> None:
        """Drop what was read of the broken item."""
        while not self.at_item():
            self.states.pop()
            self.values.pop()

    def settle(self) -> bool:
        """Finish an item that lacks nothing but its follower; whether there was one.

        `set` is the follower, because it begins an item and can go on none.
        """
        if self.at_item():
            return False
        if not self.accepts("SET"):
            return False
        self.feed("SET", 0)
        self.states.pop()
        self.values.pop()
        return True

    def feed(self, kind: str, at: int, text: str = "") -> None:
        """Feed a token that is not in the text."""
        self.take((make_token(kind, Span(self.source, at, at), text),))

    def read(self, until: int) -> list[Tok]:
        """The tokens of the unfinished item, up to a place: lexed again."""
        start = until
        values = self.values
        depth = len(values)
        while depth and "item" not in self.rows[self.states[depth]]:
            depth -= 1
        for value in values[depth:]:
            if isinstance(value, BracedBody):
                start = until
            elif start == until:
                start = resync.first_offset(value, until)
        if start >= until:
            return []
        scanner = Scanner(self.source)
        scanner.pos = start
        found = []
        for token in scanner.tokens():
            if token.span.start >= until:
                break
            found.append(token)
        return found

    def begins(self, at: int, kinds: frozenset[str] = _BEGINNINGS) -> bool:
        """Whether an item, or the end of a body, can begin at a place."""
        scanner = Scanner(self.source)
        scanner.pos = at
        token = next(scanner.tokens(), None)
        return token is not None and token.type in kinds

    # Recovery.

    def recover(self, found: Tok, terminals: Iterable[str]) -> None:
        """Explain a token that does not fit, and move to where reading can go on."""
        expected = frozenset(kind for kind in terminals if self.accepts(kind))
        values = self.values
        if not values or (isinstance(values[-1], Tok) and values[-1].type == "LBRACE"):
            # Nothing has come since the brace: the empty list of items is not there yet.
            self.settle()
        if len(self.problems) >= MAX_PROBLEMS:
            self.give_up(found)
            return
        read = self.read(found.span.start)
        complete = self.settle()
        braces = [v for v in self.values if isinstance(v, Tok) and v.type == "LBRACE"]
        fault = SyntaxFault(
            read, found, expected, complete, bool(braces), braces[-1] if braces else None
        )
        if self.source.text.startswith(MARK) and not (*read, found)[0].span.start:
            self.report(explain(fault))
            self.cut()
            self.scanner.pos = len(MARK)
        elif found.type == "RBRACE" and not (read or braces) and self.rejoin(found):
            self.scanner.pos = found.span.end
        elif brace := self.swallowed_brace(read):
            self.scanner.pos = brace.span.start
        elif complete:
            self.report(explain(fault))
            fault = fault._replace(read=[])
            self.scanner.pos = self.resume(fault)
        elif paren := self.unclosed(read):
            self.report(explain(fault._replace(paren=paren[0])))
            self.cut()
            self.scanner.pos = paren[1].span.start
        elif found != '"' and (comma := self.split(read)):
            self.report(explain(fault._replace(comma=comma)))
            self.scanner.pos = self.values[-1].span.end
        else:
            if fault.keyword in HEADS or fault.keyword in ("PATH", "VPATH", "NAME", "IF"):
                brace = next((t for t in (*read, found) if resync.glued_brace(t)), None)
                fault = fault._replace(brace=brace)
            self.report(explain(fault))
            self.scanner.pos = self.resume(fault)
        self.advance()
        depth = sum(isinstance(v, Tok) and v.type == "LBRACE" for v in self.values)
        self.scanner.reset(depth)

    def give_up(self, found: Tok) -> None:
        """Read no further: this is not policy, and every error costs time."""
        what = f"more than {MAX_PROBLEMS} syntax errors: the rest of the file is not read"
        self.problems.append(error("unexpected-text", found.span, what))
        self.close(frozenset())
        self.scanner.pos = len(self.source.text)
        self.scanner.reset(0)

    def advance(self) -> None:
        """Never go on from the same place in the same state twice, or reading would not end."""
        while (key := hash((self.scanner.pos, tuple(self.states)))) in self.seen:
            self.cut()
            self.scanner.pos += 1
        self.seen.add(key)

    def report(self, problem: Diagnostic) -> None:
        """Keep a problem, unless the last one was at the same place."""
        if not self.problems or self.problems[-1].span != problem.span:
            self.problems.append(problem)

    def resume(self, fault: SyntaxFault) -> int:
        """Mend or cut the broken item; the place to go on from."""
        read, found, expected = fault.read, fault.found, fault.expected
        text, start, end = self.source.text, found.span.start, found.span.end
        kind = found.type
        if kind in ("$END", "BAD_DEPTH"):
            self.close(expected)
            return len(text)
        if read and read[-1].type in ("PRIORITY", "EQ") and not fault.rule:
            self.cut()
            return resync.word_end(text, end)
        if read and not fault.rule and kind in PREFIXES:
            return max(resync.after_prefixes(text, start), end)
        if "EOL" in expected or (read and read[-1].type == "ASSIGN"):
            if "EOL" in expected:
                self.feed("EOL", start)
                self.settle()
            self.cut()
            return start if kind == "EOL" else resync.line_end(text, start)
        if kind == "BAD_COMMENT":
            return end
        if kind == "BAD" and found == '"':
            self.cut()
            return resync.line_end(text, start)
        if "LBRACE" in expected and found[0] == "{":
            return start
        if fault.brace is not None:
            self.open(read)
            return fault.brace.span.end - 1
        if fault.keyword in HEADS:
            first = next((t for t in (*fault.rule[2:], found) if resync.starts_line(t)), None)
            if first is not None and self.begins(first.span.start):
                self.open(read)
                self.feed("LBRACE", first.span.start)
                return first.span.start
        if "COMMA" in expected and (found == "}" or fault.new_line) and self.begins(start):
            self.feed("COMMA", start)
            return start
        return self.skip(fault)

    def skip(self, fault: SyntaxFault) -> int:
        """Drop the broken item and look for the next one."""
        text, start, end = self.source.text, fault.found.span.start, fault.found.span.end
        read, rule, kind = fault.read, fault.rule, fault.found.type
        if not read:
            # Nothing of the item was read, so the token itself must go.
            if kind in ("COMMA", "RBRACE", "ELSE"):
                return end
            at = resync.next_item(text, end, read)
        elif kind in _STARTS:
            at = start
        elif kind == "COMMA":
            broken = resync.open_brace(read[-1])
            at = resync.next_item(text, resync.word_end(text, end), []) if broken else end
        elif fault.new_line and kind in _LINE_STARTS:
            at = start
        elif fault.keyword in _PATHS and len(rule) > 1 and resync.starts_line(rule[-1]):
            # `/a` without permissions, and the next rule read as part of it.
            at = rule[-1].span.start
        else:
            at = resync.next_item(text, start, read)
        if text[at : at + 1] == "{":
            self.open(read)
        else:
            self.cut()
        return at

    def open(self, read: list[Tok]) -> None:
        """Put a sound head in place of a broken one whose body follows."""
        self.cut()
        rule = [t for t in read if t.type not in PREFIXES]
        if not rule:
            return
        first, at = rule[0], rule[0].span.start
        if first.type == "IF":
            self.feed("IF", at, first)
            self.feed("WORD", at, "true")
        elif first.type in HEADS:
            name = next((str(t) for t in rule[1:] if t.type == "WORD"), "")
            self.feed(first.type, at, first)
            self.feed("WORD", at, name.rstrip("{,\\") or "?")
        elif first.type in _PATHS:
            self.feed("PROFILE", at, "profile")
            self.feed("WORD", at, first.rstrip("{,\\") or "?")

    def split(self, read: list[Tok]) -> Tok | None:
        """End the rule at a comma that a word swallowed, if that makes sense; that word."""
        for index, token in enumerate(read):
            comma = resync.inner_comma(token) if token.type in WORDS else 0
            if comma <= 0:
                continue
            at = token.span.start + comma
            head = make_token(token.type, Span(self.source, token.span.start, at), token[:comma])
            if self.end_rule([*read[:index], head], at):
                return token
        return None

    def end_rule(self, read: list[Tok], at: int) -> bool:
        """Read the broken item anew, as these tokens and a comma; whether that is a rule."""
        stacks = self.states, self.values
        self.states, self.values = list(self.states), list(self.values)
        self.cut()
        try:
            self.take((*read, make_token("COMMA", Span(self.source, at, at + 1), ",")))
        except _UnexpectedToken:
            self.states, self.values = stacks
            return False
        return True

    def rejoin(self, stray: Tok) -> bool:
        """Go on with a profile that a brace too many ended, and say so; whether there is one."""
        joined = rejoined(self.values[-1], stray.span, self.problems)
        if joined is not None:
            self.values[-1], problem = joined
            self.report(problem)
        return joined is not None

    def swallowed_brace(self, read: list[Tok]) -> Tok | None:
        """End the rule before a brace that was read as one of its words, and say so; that brace."""
        at = resync.lone_brace(read)
        if any(resync.inner_comma(t) > 0 for t in read[:at] if t.type in WORDS):
            return None  # the rule has its comma, inside of a word
        if not at or not self.end_rule(read[:at], read[at - 1].span.end):
            return None
        self.report(lacks_comma(read[at - 1], read[at]))
        return read[at]

    def unclosed(self, read: list[Tok]) -> tuple[Tok, Tok] | None:
        """A parenthesis that took in the rules after it, and the first token of those."""
        opened = None
        for token in read:
            if token.type == "LPAR":
                opened = token
            elif token.type == "RPAR":
                opened = None
            elif (
                opened is not None
                and token.type in WORDS
                and resync.starts_line(token)
                and self.begins(token.span.start, _LINE_STARTS)
            ):
                return opened, token
        return None

    def close(self, expected: frozenset[str]) -> None:
        """Finish what is open at the end of the file."""
        end = len(self.source.text)
        if "COMMA" in expected:
            self.feed("COMMA", end)
            self.settle()
        self.cut()
        for value in list(self.values):
            if isinstance(value, Tok) and value.type == "LBRACE":
                self.feed("RBRACE", end)
