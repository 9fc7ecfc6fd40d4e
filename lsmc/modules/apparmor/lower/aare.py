"""AppArmor globs (AARE) as patterns over bytes.

The meaning follows apparmor.d(5), "Globbing", and what apparmor_parser emits: a glob is anchored at
both ends, `*` stops at `/`, a star directly after `/` that ends a component asks for at least one
byte, and character classes are read after `*` and `?` inside them have been expanded.  Two flavours
exist: in the *null* flavour (abstract socket names, xattr values) NUL is an ordinary byte.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from lsmc.automata.pattern import (
    ALL,
    NOT_NUL,
    Chars,
    Literal,
    Pattern,
    Star,
    concat,
    mask_of,
    union,
)

MAX_NESTING = 49
_NOT_SLASH = ALL & ~mask_of(b"/")
_TEXT = re.compile(r"[^\\*?\[\]{},]+")
_INNERMOST = re.compile(r"\{((?:[^\\{}\[\]]++|\\.|\[\^?(?:[^\\*?\[\]^]|\\.)+\])*+)\}", re.DOTALL)
_PLAIN_CLASS = re.compile(r"\[(\^?)([^\\*?\[\]^]+)\]")
_STARS = re.compile(r"\**")
_CARET = re.compile(r"\\?\^")
_NUL_ESCAPE = re.compile(r"\\(?:0{1,3}|x0{1,2}|d0{1,3})")


class Glob(NamedTuple):
    """The language of a glob, and whether it was written without wildcards."""

    pattern: Pattern
    exact: bool


class GlobError(ValueError):
    """The text is not a glob; `kind` is the name of the error."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class _Flavour(NamedTuple):
    """What the wildcards match, and how the sets of `*` and `**` begin inside a class.

    `**` is any byte at all where `double_opening` is empty, and opens no set.
    """

    one: int
    star: int
    double: int
    opening: str
    double_opening: str


_DEFAULT = _Flavour(_NOT_SLASH & NOT_NUL, _NOT_SLASH & NOT_NUL, NOT_NUL, "[^/\0", "[^\0")
_NULL = _Flavour(_NOT_SLASH, _NOT_SLASH, ALL, "[^/", "")


@lru_cache(maxsize=65536)
def parse_glob(text: str, null: bool = False) -> Glob:
    """The language of a glob (byte text after variable expansion); raises `GlobError`."""
    return _Parser(text, _NULL if null else _DEFAULT).parse()


@lru_cache(maxsize=65536)
def _parse_innermost(text: str, null: bool) -> Glob:
    """What stands between the braces of an alternation without others inside.

    Variables expand to the same alternations over and over; nothing around one changes its meaning.
    """
    parser = _Parser("{" + text + "}", _NULL if null else _DEFAULT)
    parser.open()
    return parser.parse()


class _Parser:
    """One left-to-right pass; `stack` holds the open alternations, outermost first."""

    def __init__(self, text: str, flavour: _Flavour) -> None:
        self.text = text
        self.flavour = flavour
        self.at = 0
        self.exact = True
        self.parts: list[Pattern] = []
        self.stack: list[tuple[list[Pattern], list[Pattern]]] = []
        self.after_slash = False

    def parse(self) -> Glob:
        text = self.text
        while self.at < len(text):
            run = _TEXT.match(text, self.at)
            if run:
                self.emit(Literal(run.group().encode("latin-1")), run.group()[-1] == "/")
                self.at = run.end()
                continue
            self.special(text[self.at])
        if self.stack:
            raise GlobError("bad-alternation", "`{` is not closed")
        return Glob(concat(self.parts), self.exact)

    def emit(self, pattern: Pattern, after_slash: bool = False) -> None:
        self.parts.append(pattern)
        self.after_slash = after_slash

    def special(self, char: str) -> None:
        if char == "\\":
            byte = self.escaped()
            self.emit(Literal(byte.encode("latin-1")), byte == "/")
        elif char == "*":
            self.stars()
        elif char == "?":
            self.exact = False
            self.emit(Chars(self.flavour.one))
            self.at += 1
        elif char == "[":
            self.char_class()
        elif char == "{":
            inner = _INNERMOST.match(self.text, self.at)
            if inner and len(self.stack) < MAX_NESTING:
                pattern, exact = _parse_innermost(inner.group(1), self.flavour is _NULL)
                self.exact &= exact
                self.emit(pattern)
                self.at = inner.end()
            else:
                self.open()
        elif char == ",":
            if self.stack:
                self.stack[-1][1].append(concat(self.parts))
                self.parts = []
                self.after_slash = False
            else:
                self.emit(Literal(b","))
            self.at += 1
        elif char == "}":
            self.close()
        else:
            raise GlobError("bad-class", "`]` without a `[` before it")

    def open(self) -> None:
        """Take the `{` at the current place."""
        if len(self.stack) >= MAX_NESTING:
            raise GlobError("bad-alternation", "alternations nested too deeply")
        self.stack.append((self.parts, []))
        self.parts = []
        self.after_slash = False
        self.at += 1

    def close(self) -> None:
        if not self.stack:
            raise GlobError("bad-alternation", "`}` without a `{` before it")
        outer, options = self.stack.pop()
        if not options:
            raise GlobError("bad-alternation", "an alternation needs at least one comma")
        options.append(concat(self.parts))
        self.parts = outer
        self.emit(union(options))
        self.at += 1

    def escaped(self) -> str:
        """The byte that a backslash at the current place stands for; steps over it."""
        nul = _NUL_ESCAPE.match(self.text, self.at)
        if nul:
            self.at = nul.end()
            return "\0"
        if self.at + 1 >= len(self.text):
            raise GlobError("trailing-backslash", "a backslash at the end escapes nothing")
        self.at += 2
        return self.text[self.at - 1]

    def escaped_in_class(self) -> str:
        """As `escaped`, inside `[ ]`: the backslash of a comma is a byte of its own there."""
        byte = self.escaped()
        return "\\," if byte == "," else byte

    def stars(self) -> None:
        """A run of `*`: one byte more than nothing where it is all of a path's component."""
        length = self.run_of_stars()
        self.exact = False
        if self.after_slash and self.ends_component(length):
            self.emit(Chars(self.flavour.one))
        self.at += length
        self.emit_stars(length)

    def run_of_stars(self) -> int:
        """How many `*` stand at the current place."""
        run = _STARS.match(self.text, self.at)
        assert run is not None
        return len(run.group())

    def ends_component(self, length: int) -> bool:
        """Whether the text ends, or a slash stands, that many bytes ahead."""
        return self.text[self.at + length : self.at + length + 1] in ("", "/")

    def emit_stars(self, count: int) -> None:
        for _ in range(count // 2):
            self.emit(Star(self.flavour.double))
        if count % 2:
            self.emit(Star(self.flavour.star))

    def char_class(self) -> None:
        plain = _PLAIN_CLASS.match(self.text, self.at)
        if plain:
            self.exact &= not plain.group(1)
            self.emit(_plain_class(plain.group()))
            self.at = plain.end()
            return
        self.at += 1
        # the compilers forget the backslash of a leading `^`, and so negate the class
        caret = _CARET.match(self.text, self.at)
        negated = caret is not None
        if caret:
            self.at = caret.end()
            self.exact = False
        items: list[tuple[str, bool]] = []  # (byte, may stand for a range)
        while True:
            if self.at >= len(self.text):
                raise GlobError("bad-class", "`[` is not closed")
            char = self.text[self.at]
            if char == "]":
                self.at += 1
                break
            if char in "*?":
                if self.closing(items):
                    self.expanded_class(items, negated)
                    return
                items += ((".", False), ("*", False))  # the expansion of `**`, byte by byte
                self.exact = False
                self.at += 2
            elif char == "\\":
                # the compiler drops a needless backslash before the class is read
                items += ((byte, byte == "-") for byte in self.escaped_in_class())
            else:
                items.append((char, char == "-"))
                self.at += 1
        self.emit(Chars(_class_mask(items, negated)))

    def closing(self, items: list[tuple[str, bool]]) -> bool:
        """Whether the expansion of the wildcard at the current place closes the class around it."""
        crosses = self.run_of_stars() > 1 and not self.is_component(items)
        return bool(self.flavour.double_opening) or not crosses

    def is_component(self, items: list[tuple[str, bool]]) -> bool:
        """Whether the stars at the current place are all of a component that begins in a class."""
        length = self.run_of_stars()
        return bool(length and items) and items[-1][0] == "/" and self.ends_component(length)

    def expanded_class(self, items: list[tuple[str, bool]], negated: bool) -> None:
        """`*` or `?` inside a class: its expansion closes the class, the rest follows as text.

        Braces and commas stay bytes in that text, and its `]` is one too, unless a `[` opens a
        class once more.  What `?` makes is a class like any other; only `*` repeats.
        """
        length = self.run_of_stars()
        self.exact &= not length
        component = self.is_component(items)
        crosses = length > 1 and not component
        opening = self.flavour.double_opening if crosses else self.flavour.opening
        mask = _class_mask([*items, *((byte, False) for byte in opening)], negated)
        if component or not length:
            self.emit(Chars(mask))
            self.emit_stars(length)
        else:
            self.emit(Star(mask))
            self.emit_stars(length - 1 - crosses)
        self.at += max(length, 1)
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "[":
                self.char_class()
                return
            if char == "*":
                self.stars()
            elif char == "?":
                self.special("?")
            else:
                if char != "\\":
                    self.at += 1
                bytes_ = self.escaped_in_class() if char == "\\" else char
                self.emit(Literal(bytes_.encode("latin-1")), bytes_ == "/")
                if char == "]":
                    return
        raise GlobError("bad-class", "`[` is not closed")


@lru_cache(maxsize=4096)
def _plain_class(text: str) -> Chars:
    """A class without escapes or wildcards, brackets included."""
    negated = text[1] == "^"
    items = [(byte, byte == "-") for byte in text[1 + negated : -1]]
    return Chars(_class_mask(items, negated))


def _class_mask(items: list[tuple[str, bool]], negated: bool) -> int:
    if not items:
        raise GlobError("bad-class", "an empty character class")
    mask = 0
    i = 0
    while i < len(items):
        byte, dash = items[i]
        if dash and i > 0:
            raise GlobError("bad-class", "`-` must stand first or between two bytes")
        if i + 2 < len(items) and items[i + 1][1]:
            if items[i + 2][1]:
                raise GlobError("bad-class", "a range in a class cannot end at `-`")
            if negated and i == 0 and byte == "^":
                raise GlobError("bad-class", "a range cannot begin at a `^` right behind `[^`")
            low, high = sorted((ord(byte), ord(items[i + 2][0])))
            mask |= (1 << high + 1) - (1 << low)
            i += 3
        else:
            mask |= 1 << ord(byte)
            i += 1
    return ALL & ~mask if negated else mask
