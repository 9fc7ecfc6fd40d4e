"""Characters that editors, word processors and browsers put in the place of those of policy.

They are parts of words like any other, so that compilers complain about something else.  Here they
are only named: which texts are policy does not depend on it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span, to_path
from lsmc.base.text import encode
from lsmc.modules.apparmor.errors import error

#: The bytes of U+FEFF, as text with a character a byte.
MARK = "\xef\xbb\xbf"
_BLANKS = {
    "\u00a0": "a no-break space",
    "\u2007": "a figure space",
    "\u202f": "a narrow no-break space",
    "\u3000": "an ideographic space",
}
_INVISIBLE = {
    "\u00ad": "a soft hyphen",
    "\u200b": "a zero-width space",
    "\u200c": "a zero-width non-joiner",
    "\u200d": "a zero-width joiner",
    "\u200e": "a left-to-right mark",
    "\u200f": "a right-to-left mark",
    "\u2060": "a word joiner",
    "\ufeff": "a zero-width no-break space",
}
_QUOTES = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u00ab\u00bb"
_MEANT = {"\uff0c": ",", "\u2192": "->", "\u21d2": "->", "\uff08": "(", "\uff09": ")"}
#: The beginning of a word that is looked at.
_WORD = re.compile(r"[^ \t\r\n]{0,200}")


class Foreign(NamedTuple):
    """A character that means nothing in policy: where it is, and what to say about it."""

    span: Span
    message: str
    help: str


def foreign_in(span: Span) -> Foreign | None:
    """The first such character of the word that begins with a span, if it has one."""
    text = span.source.text
    if text.startswith(MARK) and not span.start:
        what = "the file begins with a byte order mark (U+FEFF)"
        return Foreign(Span(span.source, 0, len(MARK)), what, "save it as UTF-8 without one")
    found = _WORD.match(text, span.start)
    assert found is not None
    if found[0].isascii():
        return None
    word = to_path(found[0])
    for at, char in enumerate(word):
        said = _said(char, edge=not word[:at] or not word[at + 1 :].strip(",)}"))
        if said is not None:
            start = span.start + len(encode(word[:at]))
            return Foreign(Span(span.source, start, start + len(encode(char))), *said)
    return None


def _said(char: str, edge: bool) -> tuple[str, str] | None:
    number = f"U+{ord(char):04X}"
    if char in _BLANKS:
        return f"this is {_BLANKS[char]} ({number}), which parts no words", "write a plain blank"
    if char in _INVISIBLE:
        return f"an invisible character stands here: {_INVISIBLE[char]} ({number})", "delete it"
    if char in _QUOTES and edge:
        return f"`{char}` ({number}) is a letter like any other and quotes nothing", 'write `"`'
    if char in _MEANT:
        return f"`{char}` ({number}) is a letter like any other", f"write `{_MEANT[char]}`"
    return None


def not_text(nul: Span) -> Diagnostic:
    """The error for a text with a NUL byte, at the first."""
    encoding = _encoding(nul.source.text)
    if not encoding:
        what = "a NUL byte: this is not text, and compilers end a word here without a message"
        return error("unexpected-text", nul, what)
    what = f"this is {encoding}: policy is bytes of ASCII or UTF-8"
    first = nul._replace(start=0, end=1)
    return error(
        "unexpected-text", first, what, f"save it as UTF-8, as `iconv -f {encoding} -t UTF-8` does"
    )


def _encoding(text: str) -> str:
    """The encoding of a text with NUL bytes, one character a byte; empty if it is none known."""
    if text.startswith(("\xff\xfe\0\0", "\0\0\xfe\xff")):
        return "UTF-32"
    start = text[:200]
    halves = [half for half in (start[::2], start[1::2]) if len(half) > 1]
    if text.startswith(("\xff\xfe", "\xfe\xff")) or any(not half.strip("\0") for half in halves):
        return "UTF-16"
    return ""
