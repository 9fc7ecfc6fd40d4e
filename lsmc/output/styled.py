"""Text with roles: what every renderer for people is made of.

A line is a tuple of pieces, each a text and the role that it plays; a role becomes a colour on a
terminal and nothing elsewhere, so that wording is written once.  Texts that come from a policy or a
request pass through `safe`: a file name cannot move the cursor or hide what follows it.
Rejected: rich markup, which text from a policy could contain, and which costs 40 ms to import.
"""

from __future__ import annotations

from collections.abc import Iterable

Piece = tuple[str, str]
Line = tuple[Piece, ...]

#: Characters of the longest message that is shown as a whole.
_MOST = 1000

#: Roles and their SGR codes.
ROLES = {
    "": "",
    "bad": "1;31",
    "good": "1;32",
    "warn": "33",
    "head": "1",
    "where": "36",
    "code": "1",
    "dim": "2",
    "mark": "1;31",
}


def safe(text: str) -> str:
    """A text whose control, format and undecodable characters are written as escapes."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(ord(char)) for char in text)


def shortened(text: str) -> str:
    """A message without its middle when a name in it is longer than anybody reads."""
    return text if len(text) <= _MOST else f"{text[: _MOST // 2]}…{text[-_MOST // 2 :]}"


def inert(text: str) -> str:
    """A text in which the runner of GitHub Actions finds no command.

    It takes `::NAME` at the start of a line for a command, and `##[NAME]` anywhere
    (`ActionCommand` of https://github.com/actions/runner).
    """
    rows = text.replace("##[", "#\\x23[").split("\n")
    return "\n".join(
        row.replace("::", "\\x3a:", 1) if row.lstrip().startswith("::") else row for row in rows
    )


def _escape(code: int) -> str:
    if code == 0x09:
        return "\\t"
    if code == 0x0A:
        return "\\n"
    if 0xDC80 <= code <= 0xDCFF:  # an undecodable byte
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def line(*pieces: str | Piece) -> Line:
    """A line from plain texts and (text, role) pairs."""
    return tuple((piece, "") if isinstance(piece, str) else piece for piece in pieces)


def plain(lines: Iterable[Line]) -> str:
    """The text alone; every line ends in a line end."""
    return "".join("".join(text for text, _ in pieces) + "\n" for pieces in lines)


def ansi(lines: Iterable[Line]) -> str:
    """The text with colours of a terminal."""
    out: list[str] = []
    for pieces in lines:
        for text, role in pieces:
            code = ROLES[role]
            out.append(f"\x1b[{code}m{text}\x1b[0m" if code and text else text)
        out.append("\n")
    return "".join(out)
