"""Reads CIL text into bodies of statements.

No token of CIL spans lines, and most lines of real policy are one whole statement that other lines
repeat.  So a line that stands between statements is read once for all files; only the others are
read token by token.
"""

from __future__ import annotations

import re
from sys import intern

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source, Span
from lsmc.modules.selinux.errors import error, nearest
from lsmc.modules.selinux.syntax.checks import Fault, wrong_part
from lsmc.modules.selinux.syntax.grammar import CONTAINERS, SHAPES, fits
from lsmc.modules.selinux.syntax.tree import Body, Container, Node, Statement

#: Lists in lists: no policy needs as many, and what reads trees by recursion bears them.
MAX_DEPTH = 300
#: Errors of a file after which its reading ends.
_ENOUGH = 50

_SYMBOL = r"[\w\[\].@=/*$%+\-!|&^:~`#{}'<>?,]"
TOKEN = re.compile(rf'[()]|"[^"\n]*"|{_SYMBOL}+|;[^\n\r]*|[ \t\r\n]+|.', re.ASCII | re.DOTALL)
_SYMBOLS = re.compile(rf'{_SYMBOL}|"', re.ASCII)
_NAME = r"[\w.-]+"
_RULE = re.compile(
    rf"\((allow|dontaudit|auditallow|neverallow) ({_NAME}) ({_NAME})"
    rf" (\(({_NAME}) \(([\w.-]+(?: [\w.-]+)* ?)\)\))\)",
    re.ASCII,
)
#: A statement of names, perhaps with one list of names at its end.
_FLAT = re.compile(rf"\(([a-z]+(?: {_NAME})*)(?: \(({_NAME}(?: {_NAME})* ?)\))?\)", re.ASCII)
_BLANK = " \t\r"
_RULES = ("allow", "auditallow", "dontaudit", "neverallow")


class Reader:
    """Reads files that belong together; what their lines say is kept for the next file.

    `errors` are those of all files read.
    """

    def __init__(self) -> None:
        self.errors: list[Diagnostic] = []
        self._rules: dict[str, Statement] = {}
        self._flat: dict[str, Statement | None] = {}
        self._permissions: dict[str, Node] = {}

    def read(self, source: Source, start: int) -> Body:
        """The statements of a file whose first byte has the place `start`."""
        lists = _Lists(self.errors, source, start)
        rules, flat = self._rules, self._flat
        at = 0
        for line in source.text.split("\n"):
            body = lists.between
            if body is not None:
                text = line.strip(_BLANK)
                statement = rules.get(text)
                if statement is None and text not in flat:
                    self._line(text)
                    statement = rules.get(text)
                if statement is not None:
                    body.rules.append(statement)
                    body.rule_places.append(start + at + line.find("("))
                    at += len(line) + 1
                    continue
                statement = flat[text]
                if statement is not None:
                    body.statements.append(statement)
                    body.places.append(start + at + line.find("("))
                    at += len(line) + 1
                    continue
            if not lists.line(line, at):
                break
            at += len(line) + 1
        lists.end()
        return lists.body

    def _line(self, text: str) -> None:
        """Remember a line that is one statement, and of any other that it is none."""
        found = _RULE.fullmatch(text)
        if found is not None:
            keyword, source, target, part, cls, names = found.groups()
            permissions = self._permissions.get(part)
            if permissions is None:
                words = tuple(map(intern, names.split()))
                permissions = self._permissions[part] = (intern(cls), words)
            self._rules[text] = (intern(keyword), intern(source), intern(target), permissions)
            return
        found = _FLAT.fullmatch(text)
        statement: Statement | None = None
        if found is not None:
            statement = tuple(map(intern, found[1].split(" ")))
            if found[2] is not None:
                statement += (tuple(map(intern, found[2].split())),)
            if statement[0] in (*CONTAINERS, *_RULES) or _fault(statement) is not None:
                statement = None
            elif statement[0] in _RULES:
                self._rules[text] = statement
                return
        self._flat[text] = statement


class _List:
    """A list whose end has not been read: its parts, its place, and its statements if it has such.

    `statement` says whether it stands where statements do.
    """

    __slots__ = ("body", "parts", "place", "statement")

    def __init__(self, place: int, statement: bool) -> None:
        self.parts: list[Node] = []
        self.place = place
        self.statement = statement
        self.body: Body | None = None

    def takes_statements(self) -> bool:
        """Whether the next list is a statement of this one's body."""
        return self.body is not None and len(self.parts) > CONTAINERS[str(self.parts[0])]


class _Lists:
    """Reads a file token by token.

    `between` is the body that the next statement belongs to, None inside of a statement.
    """

    def __init__(self, errors: list[Diagnostic], source: Source, start: int) -> None:
        self.body = Body()
        self.between: Body | None = self.body
        self._errors = errors
        self._source = source
        self._start = start
        self._open: list[_List] = []
        self._few = len(errors) + _ENOUGH

    def line(self, line: str, at: int) -> bool:
        """Read a line at an offset; returns whether the next one can be read."""
        lists = self._open
        for found in TOKEN.finditer(line):
            word = found[0]
            if word == "(":
                top = lists[-1] if lists else None
                place = self._start + at + found.start()
                lists.append(_List(place, top is None or top.takes_statements()))
                if len(lists) > MAX_DEPTH:
                    return self._stop(at + found.start(), f"lists are nested {MAX_DEPTH} deep")
            elif word == ")":
                if not lists:
                    where = at + found.start()
                    return self._stop(where, "`)` closes nothing", "remove it, or write a `(`")
                self._close(lists.pop())
                if len(self._errors) >= self._few:
                    lists.clear()
                    return False
            elif word[0] in " \t\r;":
                continue
            elif word == '"':
                where = at + found.start()
                return self._stop(where, "a text without an end", 'write `"` in the same line')
            elif not _SYMBOLS.match(word):
                return self._stop(at + found.start(), f"`{word}` is no part of CIL")
            elif not lists:
                return self._stop(at + found.start(), f"`{word}` stands in no statement")
            else:
                top = lists[-1]
                top.parts.append(intern(word[1:-1] if word[0] == '"' else word))
                if top.statement and len(top.parts) == 1 and top.parts[0] in CONTAINERS:
                    top.body = Body()
        top = lists[-1] if lists else None
        self.between = self.body if top is None else top.body if top.takes_statements() else None
        return True

    def end(self) -> None:
        """Tell of a list that is not closed."""
        if self._open:
            place = self._open[0].place - self._start
            self._stop(place, "this `(` is not closed", "write the `)` that belongs to it")

    def _stop(self, offset: int, message: str, help: str = "") -> bool:
        self._open.clear()
        span = Span(self._source, offset, offset + 1)
        self._errors.append(error("cil-syntax", span, message, help))
        return False

    def _close(self, closed: _List) -> None:
        lists = self._open
        statement = tuple(closed.parts)
        if not closed.statement:
            lists[-1].parts.append(statement)
            return
        if fault := _fault(statement):
            offset = closed.place - self._start
            keyword = statement[0] if statement and isinstance(statement[0], str) else ""
            span = Span(self._source, offset, offset + 1 + len(keyword))
            self._errors.append(error(fault.name, span, fault.message, fault.help))
            return
        into = self.body if not lists else lists[-1].body
        assert into is not None
        if closed.body is not None:
            into.containers.append(Container(statement, closed.place, closed.body))
        elif statement[0] in _RULES:
            into.rules.append(statement)
            into.rule_places.append(closed.place)
        else:
            into.statements.append(statement)
            into.places.append(closed.place)


def _fault(statement: Statement) -> Fault | None:
    """What is wrong with a statement, of a container with what stands before its body."""
    if not statement or not isinstance(statement[0], str):
        return Fault("cil-syntax", "a statement begins with its keyword")
    keyword = statement[0]
    if keyword not in SHAPES:
        message = f"unknown statement `{keyword}`"
        return Fault("unknown-statement", message, nearest(keyword, SHAPES))
    if not fits(statement):
        wanted = f"write `({keyword} {SHAPES[keyword][1]})`"
        return Fault("cil-syntax", f"`{keyword}` does not have the parts that it must have", wanted)
    return wrong_part(statement)
