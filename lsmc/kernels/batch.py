"""Answers to many requests about paths: the hot loop of a batch.

Requests of one shape differ in their path alone, and paths that lead to the same node of a matcher
have the same answer.  So nodes get numbers when paths first come to them, and answers are kept by
number.  The edges that were taken are kept in flat arrays: most nodes are left by one byte only,
which stands beside it; one that is left by several has a row for all bytes.

The source is compiled by Cython where it can be.  Uncompiled, a matcher walks faster by its own
dictionaries, and only the answers are kept here.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from lsmc.kernels import _nocython as cython
from lsmc.kernels.walk import is_real_path

if cython.compiled:
    import cython  # type: ignore[no-redef]

#: Nodes, and rows of them, that are kept before all are dropped and met anew.
MAX_NODES = 200_000
MAX_ROWS = 1 << 15

_UNKNOWN = -1
_UNREAL = -2


@cython.cclass
class PathNodes:
    """The nodes of one matcher that paths have come to, by number.

    A matcher has `walk(key)`, `step(node, byte)` and `forget()`.
    """

    _matcher = cython.declare("object")
    _prefix = cython.declare("object")
    _nodes = cython.declare("list")
    _numbers = cython.declare("dict")
    _kept = cython.declare("list")
    _bytes = cython.declare("unsigned char[::1]")
    _nexts = cython.declare("int[::1]")
    _places = cython.declare("int[::1]")
    _rows = cython.declare("int[::1]")
    _used = cython.declare("int")

    def __init__(self, matcher: Any, prefix: bytes) -> None:
        """Paths follow the prefix in the keys of the matcher."""
        self._matcher = matcher
        self._prefix = prefix
        self._kept = []
        self._clear()

    def _clear(self) -> None:
        self._nodes = []
        self._numbers = {}
        self._bytes = array("B", bytes(256))
        self._nexts = array("i", [_UNKNOWN]) * 256
        self._places = array("i", [_UNKNOWN]) * 256
        self._rows = array("i", [_UNKNOWN]) * (256 * 16)
        self._used = 0
        for answers in self._kept:
            answers.clear()
        self._number(self._matcher.walk(self._prefix))

    def kept(self) -> list[Any]:
        """A list for answers by the number of their node, emptied when numbers are given anew."""
        answers: list[Any] = []
        self._kept.append(answers)
        return answers

    def _number(self, node: Any) -> int:
        number = self._numbers.get(node)
        if number is None:
            number = self._numbers[node] = len(self._nodes)
            self._nodes.append(node)
            if number == len(self._bytes):
                self._bytes = array("B", self._bytes) + array("B", bytes(number))
                self._nexts = array("i", self._nexts) + array("i", [_UNKNOWN]) * number
                self._places = array("i", self._places) + array("i", [_UNKNOWN]) * number
        found: int = number
        return found

    @cython.ccall
    @cython.returns("int")
    def find(self, path: bytes) -> int:
        """The number of the node that a path leads to; -2 for what is no real path."""
        if not cython.compiled:
            if not is_real_path(path):
                return _UNREAL
            if len(self._nodes) > MAX_NODES:
                self._clear()
            return self._number(self._matcher.walk(self._prefix + path))
        found: int = self._follow(path)
        return self._learn(path) if found == _UNKNOWN else found

    @cython.cfunc
    @cython.returns("int")
    @cython.boundscheck(False)
    @cython.wraparound(False)
    @cython.locals(text="const unsigned char*", size="Py_ssize_t", at="Py_ssize_t")
    @cython.locals(byte="unsigned char", state="int", place="int", length="Py_ssize_t")
    @cython.locals(dots="Py_ssize_t")
    def _follow(self, path: bytes) -> int:
        """As `find`, by edges that were taken before; -1 where one was not."""
        text = path
        size = len(path)
        if size == 0 or text[0] != 47:
            return _UNREAL
        state = 0
        length = 1  # of the component, and the dots in it; a path is real as `is_real_path` says
        dots = 0
        for at in range(size):
            byte = text[at]
            if byte > 47:
                length += 1
            elif byte == 47:
                if at and length <= 2 and dots == length:
                    return _UNREAL
                length = 0
                dots = 0
            elif byte == 46:
                length += 1
                dots += 1
            elif byte == 0:
                return _UNREAL
            else:
                length += 1
            if state >= 0:
                if self._nexts[state] >= 0 and self._bytes[state] == byte:
                    state = self._nexts[state]
                else:
                    place = self._places[state]
                    state = self._rows[place * 256 + byte] if place >= 0 else -1
        if 0 < length <= 2 and dots == length:
            return _UNREAL
        return state

    def _learn(self, path: bytes) -> int:
        """Take the edges of a real path, and keep them."""
        if len(self._nodes) > MAX_NODES or self._used > MAX_ROWS:
            self._matcher.forget()
            self._clear()
        state = 0
        for byte in path:
            after = self._edge(state, byte)
            if after == _UNKNOWN:
                after = self._number(self._matcher.step(self._nodes[state], byte))
                self._keep(state, byte, after)
            state = after
        return state

    def _edge(self, state: int, byte: int) -> int:
        if self._nexts[state] != _UNKNOWN and self._bytes[state] == byte:
            after: int = self._nexts[state]
            return after
        place: int = self._places[state]
        found: int = self._rows[place * 256 + byte] if place != _UNKNOWN else _UNKNOWN
        return found

    def _keep(self, state: int, byte: int, after: int) -> None:
        if self._nexts[state] == _UNKNOWN:
            self._bytes[state] = byte
            self._nexts[state] = after
            return
        if self._places[state] == _UNKNOWN:
            if (self._used + 1) * 256 > len(self._rows):
                more = array("i", [_UNKNOWN]) * len(self._rows)
                self._rows = array("i", self._rows) + more
            self._places[state] = self._used
            self._used += 1
        self._rows[self._places[state] * 256 + byte] = after


@cython.cclass
class PathAnswers:
    """The answers to requests of one shape, by the node that their path leads to."""

    _nodes = cython.declare("PathNodes")
    _owners = cython.declare("list")
    _others = cython.declare("list")

    def __init__(self, nodes: PathNodes) -> None:
        """Answers for the owner of the object, and for others."""
        self._nodes = nodes
        self._owners = nodes.kept()
        self._others = nodes.kept()

    @cython.ccall
    @cython.locals(answers="list", number="Py_ssize_t")
    @cython.returns("object")
    def answer(
        self, request: Any, path: str, others: bool, ask: Callable[[Mapping[str, Any]], Any]
    ) -> Any:
        """The answer to a request about a path; `ask` gives one that is not known."""
        number = self._nodes.find(path.encode("utf-8", "surrogateescape"))
        if number < 0:
            return ask(request)  # which says why
        answers: list[Any] = self._others if others else self._owners
        if number < len(answers):
            known = answers[number]
            if known is not None:
                return known
        found = ask(request)
        if number >= len(answers):
            answers.extend([None] * (number + 1 - len(answers)))
        answers[number] = found
        return found


@cython.locals(row="dict", known="PathAnswers")
def answers(
    requests: Iterable[Mapping[str, Any]],
    plain: Mapping[tuple[Any, ...], PathAnswers | None],
    first: Callable[[Mapping[str, Any]], Any],
    other: Callable[[Mapping[str, Any]], Any],
) -> Iterator[Any]:
    """The answers to requests about objects.

    `plain` has the answers to requests of one shape, None where a path is not enough to answer by;
    `first` answers a request of a new shape, and `other` any.
    """
    for request in requests:
        if type(request) is not dict:
            yield other(request)
            continue
        row: dict[str, Any] = request
        path = row.get("object")
        owner = row.get("owner")
        try:
            known = plain[
                row.get("subject"),
                row.get("op"),
                row.get("class"),
                row.get("perms"),
                owner is None,
                len(row),
            ]
        except (KeyError, TypeError):
            yield first(request)
            continue
        if known is None or type(path) is not str or not (owner is None or type(owner) is bool):
            yield other(request)
        else:
            yield known.answer(request, path, owner is False, other)
