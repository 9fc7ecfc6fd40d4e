"""The regular expressions of file contexts, matched in time linear in the path.

libselinux matches them with PCRE over bytes, `.` being any byte, as `^EXPRESSION$` behind the stem:
a first directory without special characters, which is compared by itself.  So of several
alternatives outside of brackets the first is bound to the beginning only and the last to the end
only, and `$` stands before a newline at the end too; all of this was asked of libselinux 3.4.

An expression becomes a position automaton (Glushkov), of which the deterministic states are made as
paths need them.  A state is a number with a bit for each position, so that no expression takes more
than its size for a byte of a path.  What is no regular language (assertions, back references,
possessive repetition) is refused, as is an expression with too many positions.
"""

from __future__ import annotations

from typing import NamedTuple

from lsmc.base.text import encode
from lsmc.modules.selinux.filecon.sets import ANY, escaped, read_set

#: Positions of an expression, those that counted repetition makes included; the largest in use has
#: a tenth.
MAX_POSITIONS = 1_024
#: Items that are read, those that counted repetition reads again included.
_MAX_ITEMS = 1 << 14
#: Groups within each other.
MAX_NESTING = 100
#: Deterministic states that are kept.
_MOST_STATES = 4_096
#: A count of a repetition that PCRE refuses.
_MOST_COUNT = 65_535
_STEM_ENDS = ".^$?*+|[({"
_NEWLINE = 1 << 10
_SLASH = 0x2F


class BadExpression(ValueError):
    """An expression that is wrong or cannot be matched: the reason, and its column from 0."""

    def __init__(self, reason: str, column: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.column = column


class _Fragment(NamedTuple):
    """A part of an expression: whether it matches nothing, and its first and last positions."""

    empty: bool
    first: int
    last: int


_NOTHING = _Fragment(empty=True, first=0, last=0)
#: The least and the most number of times.
_Bounds = tuple[int, int | None]


class Expression:
    """An expression; raises `BadExpression`.

    Attributes:
        text: the expression.
        stem: the first directory that is compared by itself; empty for none.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.stem = encode(_stem(text))
        self._symbols: list[int] = []
        self._follow: list[int] = []
        self._at = len(_stem(text))
        self._depth = self._items = 0
        whole = self._whole()
        self._first = whole.first
        #: Bit 0 stands for the beginning, bit p+1 for the position p.
        self._accepting = whole.last << 1 | whole.empty
        self._rows: dict[int, dict[int, int]] = {}
        self._by_byte: dict[int, int] = {}

    @property
    def start(self) -> int:
        """The state at the beginning of a path.

        States within the stem are negative; state 1 is behind it.
        """
        return -1 if self.stem else 1

    def step(self, state: int, byte: int) -> int:
        """The state behind a byte; 0 where nothing can match any more."""
        if state < 0:
            return self._in_stem(-1 - state, byte)
        row = self._rows.get(state)
        if row is None:
            if len(self._rows) >= _MOST_STATES:
                self._rows.clear()
            row = self._rows[state] = {}
        found = row.get(byte)
        if found is None:
            found = row[byte] = self._after(state) & self._of_byte(byte)
        return found

    def _in_stem(self, at: int, byte: int) -> int:
        """The state behind a byte, where so much of the stem has matched."""
        if at < len(self.stem):
            return -2 - at if self.stem[at] == byte else 0
        return self.step(1, byte) if byte == _SLASH else 0

    def accepts(self, state: int) -> bool:
        """Whether what led to a state matches."""
        return state > 0 and bool(state & self._accepting)

    @property
    def symbols(self) -> set[int]:
        """The sets of bytes that it tells apart, those of the stem included."""
        return {*self._symbols, *(1 << byte for byte in self.stem), 1 << _SLASH}

    def matches(self, path: bytes) -> bool:
        """Whether a whole path matches."""
        at = len(self.stem)
        if at and not (path.startswith(self.stem) and path[at : at + 1] == b"/"):
            return False
        state = 1
        rows, step = self._rows, self.step
        for byte in path[at:] if at else path:
            row = rows.get(state)
            following = row.get(byte) if row is not None else None
            state = step(state, byte) if following is None else following
            if not state:
                return False
        return bool(state & self._accepting)

    def _after(self, state: int) -> int:
        """The positions that may follow, whatever byte."""
        found = 0
        for at in _bits(state):
            found |= self._follow[at - 1] if at else self._first
        return found << 1

    def _of_byte(self, byte: int) -> int:
        found = self._by_byte.get(byte)
        if found is None:
            found = 0
            for at, symbol in enumerate(self._symbols):
                if symbol >> byte & 1:
                    found |= 2 << at
            self._by_byte[byte] = found
        return found

    # reading, from the left

    def _whole(self) -> _Fragment:
        if self._peek() == "^":
            self._at += 1
        options = self._options()
        if self._peek():
            raise self._fault("`)` closes nothing")
        last = len(options) - 1
        ends = [
            self._joined(
                self._anything() if number else _NOTHING,
                option,
                self._anything() if number < last else self._optional(_NEWLINE),
            )
            for number, option in enumerate(options)
        ]
        return _union(ends)

    def _anything(self) -> _Fragment:
        return self._repeated(self._position(ANY))

    def _optional(self, symbol: int) -> _Fragment:
        return self._position(symbol)._replace(empty=True)

    def _options(self) -> list[_Fragment]:
        """Alternatives."""
        options = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            options.append(self._sequence())
        return options

    def _sequence(self) -> _Fragment:
        found = _NOTHING
        while (char := self._peek()) and char not in "|)":
            begin = self._at
            item = self._item(char)
            if item is None:
                break
            found = self._joined(found, self._quantified(item, begin))
        return found

    def _item(self, char: str) -> _Fragment | None:
        """An item without its repetition; None for the `$` at the end."""
        self._items += 1
        if self._items > _MAX_ITEMS:
            raise self._fault("the expression repeats too much")
        if char == "(":
            return self._group()
        if char == "[":
            return self._set()
        if char == "\\":
            return self._escape()
        if char == "$" and self._at == len(self.text) - 1:
            self._at += 1
            return None
        if char in "^$":
            raise self._fault(f"`{char}` stands within the expression")
        if char in "*+?":
            raise self._fault(f"`{char}` repeats nothing")
        self._at += 1
        if char == ".":
            return self._position(ANY)
        return self._bytes(char)

    def _bytes(self, char: str) -> _Fragment:
        """The bytes of a character, one after the other."""
        return self._joined(*(self._position(1 << byte) for byte in encode(char)))

    def _group(self) -> _Fragment:
        begin = self._at
        self._at += 1
        if self._peek() == "?":
            if not self.text.startswith("?:", self._at):
                raise self._fault("only `(?:` may begin so: assertions are no regular language")
            self._at += 2
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise self._fault(f"more than {MAX_NESTING} groups within each other")
        found = _union(self._options())
        self._depth -= 1
        if self._peek() != ")":
            raise BadExpression("`(` is not closed", begin)
        self._at += 1
        return found

    def _set(self) -> _Fragment:
        found = read_set(self.text, self._at)
        if found is None:
            raise self._fault("`[` is not closed, or what it holds is not known")
        symbol, self._at = found
        return self._position(symbol)

    def _escape(self) -> _Fragment:
        found = escaped(self.text, self._at)
        if found is None:
            raise self._fault(f"`{self.text[self._at : self._at + 2]}` is not known")
        symbol, self._at = found
        return self._bytes(symbol) if isinstance(symbol, str) else self._position(symbol)

    def _quantified(self, item: _Fragment, begin: int) -> _Fragment:
        """An item with the repetition behind it."""
        bounds = self._bounds()
        if bounds is None:
            return item
        end = self._at
        item = self._times(item, bounds, begin)
        self._at = end
        if self._peek() == "+":
            raise self._fault("possessive repetition is no regular language")
        if self._peek() == "?":  # lazy: the same language
            self._at += 1
        if self._peek() in tuple("*+?"):
            raise self._fault("a repetition is repeated")
        return item

    def _bounds(self) -> _Bounds | None:
        """The least and the most number of times, None for no bound; None where none is given."""
        char = self._peek()
        simple: _Bounds | None = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(char)
        if simple is not None:
            self._at += 1
            return simple
        if char != "{":
            return None
        end = self.text.find("}", self._at)
        least, comma, most = self.text[self._at + 1 : max(end, 0)].partition(",")
        if not _is_count(least) or (most and not _is_count(most)):
            return None  # then it is a character as any other
        bounds = int(least), int(most) if most else None if comma else int(least)
        if bounds[1] is not None and bounds[1] < bounds[0]:
            raise self._fault("the bounds of the repetition are the wrong way round")
        if max(bounds[0], bounds[1] or 0) > _MOST_COUNT:
            raise self._fault("the repetition is too large")
        self._at = end + 1
        return bounds

    def _times(self, item: _Fragment, bounds: _Bounds, begin: int) -> _Fragment:
        """An item a number of times; it is read again for each time but the first."""
        least, most = bounds
        if most is None and least <= 1:
            return self._repeated(item)._replace(empty=item.empty or least == 0)
        if most == 0:
            return _NOTHING
        copies = [item]
        for _ in range(1, least if most is None else most):
            self._at = begin
            char = self._peek()
            again = self._item(char)
            assert again is not None
            copies.append(again)
        if most is None:
            copies[-1] = self._repeated(copies[-1])._replace(empty=item.empty)
        found = _NOTHING  # from the last: a copy may be left out with all behind it
        for number in range(len(copies) - 1, -1, -1):
            found = self._joined(copies[number], found)
            if number >= least:
                found = found._replace(empty=True)
        return found

    def _repeated(self, item: _Fragment) -> _Fragment:
        """An item any number of times."""
        for at in _bits(item.last):
            self._follow[at] |= item.first
        return item._replace(empty=True)

    def _joined(self, *parts: _Fragment) -> _Fragment:
        found = _NOTHING
        for part in parts:
            if part == _NOTHING:
                continue
            for at in _bits(found.last):
                self._follow[at] |= part.first
            found = _Fragment(
                found.empty and part.empty,
                found.first | part.first if found.empty else found.first,
                found.last | part.last if part.empty else part.last,
            )
        return found

    def _position(self, symbol: int) -> _Fragment:
        at = len(self._symbols)
        if at == MAX_POSITIONS:
            raise self._fault(f"the expression is larger than {MAX_POSITIONS} positions")
        self._symbols.append(symbol)
        self._follow.append(0)
        return _Fragment(empty=False, first=1 << at, last=1 << at)

    def _peek(self) -> str:
        return self.text[self._at : self._at + 1]

    def _fault(self, reason: str) -> BadExpression:
        return BadExpression(reason, self._at)


def _union(options: list[_Fragment]) -> _Fragment:
    empty, first, last = False, 0, 0
    for option in options:
        empty = empty or option.empty
        first |= option.first
        last |= option.last
    return _Fragment(empty, first, last)


def _bits(mask: int) -> list[int]:
    """The numbers of the bits that are set."""
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5


def _stem(text: str) -> str:
    """The first directory of an expression, where it holds no special character."""
    end = text.find("/", 1)
    stem = text[:end] if end > 0 else ""
    return "" if any(char in _STEM_ENDS for char in stem) else stem
