"""Reads CIL text into bodies of statements.

No token of CIL spans lines, and most lines of real policy are one whole statement that other lines
repeat.  So a line that stands between statements is read once for all files; only the others are
read token by token.
"""

from __future__ import annotations

import re
from itertools import accumulate, repeat
from operator import add, methodcaller
from sys import intern

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source, Span
from lsmc.modules.selinux.errors import error, nearest
from lsmc.modules.selinux.syntax.checks import wrong_part
from lsmc.modules.selinux.syntax.expressions import Fault
from lsmc.modules.selinux.syntax.grammar import CONTAINERS, SHAPES, fits
from lsmc.modules.selinux.syntax.tree import Body, Container, Node, Statement

#: Lists in lists: no policy needs as many, and what reads trees by recursion bears them.
MAX_DEPTH = 200
#: Errors of a file after which its reading ends.
_ENOUGH = 50

_SYMBOL = r"[\w\[\].@=/*$%+\-!|&^:~`#{}'<>?,]"
TOKEN = re.compile(rf'[()]|"[^"\n]*"|{_SYMBOL}+|;[^\n\r]*|[ \t\r\n]+|.', re.ASCII | re.DOTALL)
_SYMBOLS = re.compile(rf'{_SYMBOL}|"', re.ASCII)
_NAME = r"[\w.-]+"
_RULE = re.compile(
    rf"\((allow|dontaudit|auditallow|neverallow) ({_NAME}) ({_NAME})"
    rf" (\(({_NAME}) \(({_NAME}(?: {_NAME})* ?)\)\)\))",
    re.ASCII,
)
#: A statement of names, perhaps with one list of names at its end; or its beginning.
_FLAT = re.compile(rf"\(([a-z]+(?: {_NAME})*)(?: \(({_NAME}(?: {_NAME})* ?)\))?(\)?)", re.ASCII)
_STRIP = methodcaller("strip", " \t\r")
_RULES = frozenset(("allow", "auditallow", "dontaudit", "neverallow"))
#: The keywords of rules by their first words.
_OPENED = {f"({keyword}": keyword for keyword in _RULES}


class Reader:
    """Reads files that belong together; what their lines say is kept for the next file.

    `errors` are those of all files read.
    """

    def __init__(self) -> None:
        self.errors: list[Diagnostic] = []
        #: What a line says that is one statement, or the head of a container; else nothing.
        self._lines: dict[str, Statement] = {}
        self._permissions: dict[str, Node] = {}
        self._names: dict[str, str] = {}

    def read(self, source: Source, start: int) -> Body:
        """The statements of a file whose first byte has the place `start`."""
        lists = _Lists(self.errors, source, start)
        lines = source.text.split("\n")
        texts = list(map(_STRIP, lines))
        offsets = list(accumulate(map((1).__add__, map(len, lines)), initial=0))
        places = map(start.__add__, map(add, offsets, map(str.find, lines, repeat("("))))
        body: Body | None = lists.body
        for number, (known, place) in enumerate(
            zip(map(self._lines.get, texts), places, strict=True)
        ):
            statement = self._line(texts[number]) if known is None else known
            if lists.stopped:
                break
            if body is None or not statement:
                body = lists.line(lines[number], offsets[number])
            elif statement[0] in _RULES:
                body.rules.append(statement)
                body.rule_places.append(place)
            elif statement[0] in CONTAINERS:
                body = lists.open(statement, place)
            else:
                body.statements.append(statement)
                body.places.append(place)
        lists.end()
        return lists.body

    def _line(self, text: str) -> Statement:
        """Read a line that is one statement, or the head of a container, and remember it."""
        words = text.split(" ", 3)
        if len(words) == 4 and words[0] in _OPENED:
            names, permissions = self._names, self._permissions.get(words[3])
            source, target = names.get(words[1]), names.get(words[2])
            if permissions is not None and source is not None and target is not None:
                statement: Statement = (_OPENED[words[0]], source, target, permissions)
                self._lines[text] = statement
                return statement
        statement = self._lines[text] = self._rule(text) or _flat(text)
        return statement

    def _rule(self, text: str) -> Statement:
        """The rule that a text is; empty for any other."""
        found = _RULE.fullmatch(text)
        if found is None:
            return ()
        keyword, source, target, part, cls, permitted = found.groups()
        for name in (source, target):
            self._names[name] = intern(name)
        permissions: Node = (intern(cls), tuple(map(intern, permitted.split())))
        permissions = self._permissions.setdefault(part, permissions)
        return intern(keyword), self._names[source], self._names[target], permissions


def _flat(text: str) -> Statement:
    """The statement of names that a text is, or the head of a container; empty for any other."""
    found = _FLAT.fullmatch(text)
    if found is None:
        return ()
    statement: Statement = tuple(map(intern, found[1].split(" ")))
    if found[2] is not None:
        statement += (tuple(map(intern, found[2].split())),)
    more = CONTAINERS.get(str(statement[0]))
    whole = more is None if found[3] else more == len(statement) - 1
    return statement if whole and _fault(statement) is None else ()


class _List:
    """A list whose end has not been read: its parts, its place, and its statements if it has such.

    `statement` says whether it stands where statements do; `sound` are so many parts of a
    container's that are known to be right.
    """

    __slots__ = ("body", "parts", "place", "sound", "statement")

    def __init__(self, place: int, statement: bool, head: Statement = ()) -> None:
        self.parts: list[Node] = list(head)
        self.place = place
        self.statement = statement
        self.sound = len(head)
        self.body: Body | None = Body() if head else None

    def takes_statements(self) -> bool:
        """Whether the next list is a statement of this one's body."""
        return self.body is not None and len(self.parts) > CONTAINERS[str(self.parts[0])]


class _Lists:
    """Reads a file token by token.

    `body` holds the statements that stand in no other.  What reads on returns the body that the
    next statement belongs to, None inside of a statement; `stopped` says that nothing can be read.
    """

    def __init__(self, errors: list[Diagnostic], source: Source, start: int) -> None:
        self.body = Body()
        self.stopped = False
        self._errors = errors
        self._source = source
        self._start = start
        self._open: list[_List] = []
        self._few = len(errors) + _ENOUGH

    def open(self, head: Statement, place: int) -> Body | None:
        """Begin a container between statements."""
        if len(self._open) >= MAX_DEPTH:
            return self._stop(place - self._start, f"lists are nested {MAX_DEPTH} deep")
        self._open.append(_List(place, statement=True, head=head))
        return self._next()

    def _next(self) -> Body | None:
        if not self._open:
            return self.body
        top = self._open[-1]
        return top.body if top.takes_statements() else None

    def line(self, line: str, at: int) -> Body | None:
        """Read a line at an offset."""
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
                    self.stopped = True
                    return None
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
        return self._next()

    def end(self) -> None:
        """Tell of a list that is not closed."""
        if self._open:
            place = self._open[0].place - self._start
            self._stop(place, "this `(` is not closed", "write the `)` that belongs to it")

    def _stop(self, offset: int, message: str, help: str = "") -> Body | None:
        self._open.clear()
        self.stopped = True
        span = Span(self._source, offset, offset + 1)
        self._errors.append(error("cil-syntax", span, message, help))
        return None

    def _close(self, closed: _List) -> None:
        lists = self._open
        statement = tuple(closed.parts)
        if not closed.statement:
            lists[-1].parts.append(statement)
            return
        sound = closed.sound and len(statement) == closed.sound
        if not sound and (fault := _fault(statement)):
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
