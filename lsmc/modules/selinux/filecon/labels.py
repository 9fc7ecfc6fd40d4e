"""Which file context labels a path.

`secilc` writes the statements of a policy in an order of its own, and libselinux takes the last
line that matches (`selabel_lookup`, label_file.c): more special expressions stand behind the more
general ones, by the measures below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lsmc.base.text import encode
from lsmc.modules.selinux.filecon.regex import BadExpression, Expression

#: Kinds of files in the order of equal expressions, and their marks in a file of contexts.
KINDS = {
    "any": "",
    "file": "--",
    "dir": "-d",
    "char": "-c",
    "block": "-b",
    "socket": "-s",
    "pipe": "-p",
    "symlink": "-l",
}
_RANKS = {kind: rank for rank, kind in enumerate(KINDS)}
_SPECIAL = frozenset(".^$?*+|[({")
#: Expressions that are kept ready.
_MOST_READY = 1 << 14


def order(path: str, kind: str) -> tuple[bool, int, int, int, str]:
    """What the statements are sorted by: in the order of this, the last that matches counts.

    Literals stand behind expressions, then longer beginnings without a special character behind
    shorter ones, then longer texts, then those of a kind of file.
    """
    special, beginning, length = False, 0, 0
    at = 0
    while at < len(path):
        if path[at] == "\\":
            at += 1
            beginning += not special
        elif path[at] in _SPECIAL:
            special = True
        else:
            beginning += not special
        length += 1
        at += 1
    return not special, beginning, length, _RANKS[kind], path


class FileLabels:
    """File contexts, ready to find the one that labels a path.

    `entries` are expressions with kinds of files, in the order of `order`.
    """

    def __init__(self, entries: Sequence[tuple[str, str]]) -> None:
        self.entries = entries
        self._ready: dict[str, Expression | None] = {}
        #: What begins with a text without special characters, by that text.
        self._by_prefix: dict[bytes, list[int]] = {}
        for number, (text, _) in enumerate(entries):
            self._by_prefix.setdefault(literal_prefix(text), []).append(number)
        self._lengths = sorted({len(prefix) for prefix in self._by_prefix})

    def find(self, path: bytes, kind: str | None = None) -> int | None:
        """The number of the entry that labels a path; None where none does.

        Without a kind of file, as of `KINDS`, and with `any` entries of all kinds count.
        """
        return next(self.matching(path, kind), None)

    def matching(self, path: bytes, kind: str | None = None) -> Iterator[int]:
        """The numbers of the entries that match a path, the one that labels it first."""
        path = clean(path)
        found: list[int] = []
        for length in self._lengths:
            if length > len(path):
                break
            found += self._by_prefix.get(path[:length], ())
        for number in sorted(found, reverse=True):
            text, own = self.entries[number]
            if own == "any" or kind in (None, "any", own):
                expression = self.expression(text)
                if expression is not None and expression.matches(path):
                    yield number

    def expression(self, text: str) -> Expression | None:
        """An expression ready to match; None for one that cannot be matched."""
        if text not in self._ready:
            if len(self._ready) >= _MOST_READY:
                self._ready.clear()
            try:
                self._ready[text] = Expression(text)
            except BadExpression:
                self._ready[text] = None
        return self._ready[text]


def clean(path: bytes) -> bytes:
    """A path as libselinux looks it up: with single slashes, and none at the end."""
    while b"//" in path:
        path = path.replace(b"//", b"/")
    return path.rstrip(b"/") or path[:1]


def literal_text(text: str) -> bytes | None:
    """The one path that an expression without special characters means; None for others."""
    if order(text, "any")[0] and "\\" not in re.sub(r"\\[^A-Za-z0-9]", "", text):
        return literal_prefix(text)
    return None


def literal_prefix(text: str) -> bytes:
    """What all paths of an expression begin with, as far as the text shows it at once."""
    if has_open_alternatives(text):
        return b""
    found: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
            char = text[at : at + 1]
            if not char or (char.isascii() and char.isalnum()):
                break
        elif char in _SPECIAL:
            if char in "?*{" and found:
                found.pop()  # it may be missing
            break
        found.append(char)
        at += 1
    return encode("".join(found))


def has_open_alternatives(text: str) -> bool:
    """Whether a `|` stands outside of brackets of any kind."""
    depth, at = 0, 0
    while "|" in text and at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif char == "[":
            end = text.find("]", at + 2)
            at = len(text) if end < 0 else end
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == "|" and not depth:
            return True
        at += 1
    return False
