"""Whether a file context labels any path, or those behind it take all of its paths.

Only paths as libselinux looks them up count (absolute, with single slashes, none at the end) that
hold no line end.  A short path of the expression is looked for that those rivals do not match that
are known so far.  Either the expression itself labels it, or what labels it is one more rival; when
there is no such path any more, the rivals take them all.
"""

from __future__ import annotations

from typing import NamedTuple

from lsmc.modules.selinux.filecon.labels import FileLabels, clean, literal_prefix, literal_text
from lsmc.modules.selinux.filecon.regex import Expression

#: Rivals, and states of one search; beyond them nothing is known.
_MOST_RIVALS = 60
_MOST_STATES = 3_000
_SLASH = 0x2F
_NEWLINE = 0x0A
#: Bytes from the unlikely to the usual: paths made of them belong to few other expressions.
_PREFERRED = b"q~ZJ9-_7X" + bytes((*range(0x61, 0x7B), *range(0x30, 0x3A), *range(0x21, 0x7F)))
_BYTES = tuple(dict.fromkeys((*_PREFERRED, *range(0x80, 0x100), *range(1, 0x21))))
#: Kinds of files from those of few file contexts to those of many.
_RARE_FIRST = ("pipe", "block", "symlink", "socket", "dir", "char", "file")


class Unreached(NamedTuple):
    """A file context that labels nothing: a path of it, and what labels its paths.

    Nothing labels them where no path that is looked up matches it.
    """

    path: bytes
    by: tuple[int, ...]


class _Unknown(Exception):
    """The search grew too large."""


def unreached(labels: FileLabels, number: int) -> Unreached | None:
    """The proof that a file context labels nothing; None where it does, or nothing is known."""
    text, own = labels.entries[number]
    expression = labels.expression(text)
    begins = literal_prefix(text)[:1]
    if expression is None or begins not in (b"", b"/"):  # HOME_DIR/x is a template, not a path
        return None
    found: Unreached | None = None
    for kind in _RARE_FIRST if own == "any" else (own,):
        try:
            found = _taken(labels, number, expression, kind)
        except _Unknown:
            return None
        if found is None:
            return None
    return found


def _taken(labels: FileLabels, number: int, expression: Expression, kind: str) -> Unreached | None:
    """The proof for one kind of file; None where there is a path that the file context labels."""
    literal = literal_text(labels.entries[number][0])
    if literal is not None:
        if clean(literal) != literal:
            return Unreached(literal, ())
        winner = labels.find(literal, kind)
        return None if winner in (None, number) else Unreached(literal, (winner,))
    rivals: dict[int, Expression] = {}
    first = b""
    while len(rivals) < _MOST_RIVALS:
        path = _escaping(expression, list(rivals.values()))
        if path is None:
            return Unreached(first, tuple(rivals))
        first = first or path
        winner = labels.find(path, kind)
        if winner is None or winner == number:
            return None
        rival = labels.expression(labels.entries[winner][0])
        assert rival is not None  # it has matched
        rivals[winner] = rival
    raise _Unknown


def _escaping(expression: Expression, rivals: list[Expression]) -> bytes | None:
    """A path of an expression that no rival matches; raises `_Unknown`."""
    every = (expression, *rivals)
    alphabet = _alphabet(set().union(*(one.symbols for one in every)))
    start = tuple(one.start for one in every)
    seen = {(start, True)}
    pending = [(start, b"")]
    for states, path in pending:  # it grows as it is read
        if _is_looked_up(path) and expression.accepts(states[0]):
            taken = any(map(Expression.accepts, rivals, states[1:]))
            if not taken:
                return path
        slash = path[-1:] == b"/"
        for byte in alphabet:
            if byte == _SLASH if slash else (not path and byte != _SLASH):
                continue
            first = expression.step(states[0], byte)
            if not first:
                continue
            after = (
                first,
                *(
                    one.step(at, byte) if at else 0
                    for one, at in zip(rivals, states[1:], strict=True)
                ),
            )
            key = (after, byte == _SLASH)
            if key not in seen:
                if len(seen) == _MOST_STATES:
                    raise _Unknown
                seen.add(key)
                pending.append((after, path + bytes((byte,))))
    return None


def _is_looked_up(path: bytes) -> bool:
    return path == b"/" or (bool(path) and path[-1] != _SLASH)


def _alphabet(symbols: set[int]) -> list[int]:
    """A byte of each set of bytes that no symbol tells apart; never a line end."""
    found: dict[int, int] = {}
    every = list(symbols)
    for byte in _BYTES:
        if byte != _NEWLINE:
            key = 0
            for symbol in every:
                key = key << 1 | (symbol >> byte & 1)
            found.setdefault(key, byte)
    return list(found.values())
