"""TOML with places: the values of a text, and where each of its keys and values stands.

`tomllib` reads the values and refuses what is not TOML, but tells no places.  So the same text is
scanned once more where a place is asked for; the scanner may rely on the text being valid.
"""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from typing import Any, TypeAlias

from lsmc.base.source import Source, Span, to_display

#: Keys and numbers of elements, from the whole text to a value.
Path: TypeAlias = tuple[str | int, ...]

#: Dots of a line: the time for a key grows with the square of its parts.
MOST_DOTS = 1000
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_BLANK = re.compile(r"(?:[ \t\r\n,]+|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?!")' r"|'''.*?'''(?!')" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'",
    re.DOTALL,
)
_OTHER = re.compile(r"[^,\]}#\n]+")


class TomlError(ValueError):
    """A text is not TOML; `line` and `column` count from 1 and are 0 where no place is known."""

    def __init__(self, reason: str, line: int = 0, column: int = 0) -> None:
        super().__init__(reason)
        self.line = line
        self.column = column


def parse(data: bytes) -> dict[str, Any]:
    """The values of a text; raises `TomlError`."""
    for number, row in enumerate(data.split(b"\n"), 1):
        if row.count(b".") > MOST_DOTS:
            raise TomlError(f"a line has more than {MOST_DOTS} dots", number, 1)
    try:
        return tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise TomlError("not UTF-8 text", line, 1) from None
    except RecursionError:
        raise TomlError("not TOML that is read here: too many brackets") from None
    except ValueError as fault:  # a number of thousands of digits is one beside `TOMLDecodeError`
        text = str(fault)
        at = _AT.search(text)
        reason = f"not TOML: {text[:1].lower()}{_AT.sub('', text)[1:]}"
        if at is None:
            raise TomlError(reason) from None
        if at[1] is not None:
            raise TomlError(reason, int(at[1]), int(at[2])) from None
        last = data.decode("utf-8").split("\n")[-1]
        raise TomlError(reason, data.count(b"\n") + 1, len(last) + 1) from None


class TomlPlaces:
    """Where the keys and values of a valid TOML text stand."""

    def __init__(self, source: Source) -> None:
        self._source = source
        scanner = _Scanner(source.text)
        # what was found holds; the rest has the place of what it is in
        with suppress(_Lost, RecursionError):
            scanner.scan()
        self._keys, self._values = scanner.keys, scanner.values

    def key(self, path: Path) -> Span:
        """A key, or the header of an element; what is nearest to it where it is not written."""
        while path:
            found = self._keys.get(path)
            if found is not None:
                return Span(self._source, *found)
            path = path[:-1]
        return Span(self._source, 0, 0)

    def value(self, path: Path) -> Span:
        """A value, or the list that it is an element of; the key where no text is the value."""
        found = self._values.get(path)
        if found is None and path and isinstance(path[-1], int):
            found = self._values.get(path[:-1])
        return Span(self._source, *found) if found is not None else self.key(path)


class _Lost(Exception):
    """The text goes on otherwise than the scanner knows."""


class _Scanner:
    """One pass over a text; paths are those of the values that `tomllib` returns."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.keys: dict[Path, tuple[int, int]] = {}
        self.values: dict[Path, tuple[int, int]] = {}
        self._sizes: dict[Path, int] = {}  # of arrays of tables

    def scan(self) -> None:
        table: Path = ()
        while self._skip(_BLANK) < len(self.text):
            start = self.at
            if self.text.startswith("[", start):
                several = self.text.startswith("[[", start)
                self.at += 1 + several
                parts = self._key()
                self.at += 1 + several
                table = self._element(parts) if several else self._found(parts)
                self.keys[table] = (start, self.at)
            else:
                self._pair(table)

    def _found(self, parts: Path) -> Path:
        """The table of a header: of an array it is the last element."""
        path: Path = ()
        for part in parts:
            path = (*path, part)
            if path in self._sizes:
                path = (*path, self._sizes[path] - 1)
        return path

    def _element(self, parts: Path) -> Path:
        array = (*self._found(parts[:-1]), parts[-1])
        size = self._sizes[array] = self._sizes.get(array, 0) + 1
        return (*array, size - 1)

    def _pair(self, table: Path) -> None:
        start = self.at
        path = (*table, *self._key())
        self.keys[path] = (start, len(self.text[start : self.at].rstrip()) + start)
        self._expect("=")
        self._skip(_SPACE)
        self._value(path)

    def _key(self) -> Path:
        """The parts of a key, with the blanks behind it."""
        parts: list[str] = []
        while True:
            self._skip(_SPACE)
            parts.append(self._part())
            self._skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return tuple(parts)
            self.at += 1

    def _part(self) -> str:
        bare = _BARE_KEY.match(self.text, self.at)
        if bare is not None:
            self.at = bare.end()
            return bare[0]
        quoted = self._match(_STRING)
        (key,) = tomllib.loads(f"{to_display(quoted)} = 0")
        return key

    def _value(self, path: Path) -> None:
        start = self.at
        first = self.text[start : start + 1]
        if first in ("[", "{"):
            self.at += 1
            close, number = "]" if first == "[" else "}", 0
            while not self.text.startswith(close, self._skip(_BLANK)):
                if first == "{":
                    self._pair(path)
                else:
                    self._value((*path, number))
                number += 1
            self.at += 1
        elif first in ('"', "'"):
            self._match(_STRING)
        else:
            text = self._match(_OTHER)
            self.at = start + len(text.rstrip())
        self.values[path] = (start, self.at)
        self.keys.setdefault(path, (start, self.at))

    def _skip(self, pattern: re.Pattern[str]) -> int:
        self._match(pattern)
        return self.at

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise _Lost
        self.at = found.end()
        return found[0]

    def _expect(self, text: str) -> None:
        if not self.text.startswith(text, self.at):
            raise _Lost
        self.at += len(text)
