"""A syntax error as the parser knows it, and how to call tokens in messages."""

from __future__ import annotations

from typing import NamedTuple

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.base.source import to_display
from lsmc.modules.apparmor.errors import error
from lsmc.modules.apparmor.syntax.lexer import Tok
from lsmc.modules.apparmor.syntax.resync import starts_line

PREFIXES = frozenset(("PRIORITY", "EQ", "INT", "AUDIT", "EFFECT", "WHOM"))
_EXPECTED = (
    ("COMMA", "`,` at the end of this rule"),
    ("EOL", "a value or the end of the line"),
    ("RPAR", "`)`"),
    ("PERMS", "permissions"),
    ("EQ", "`=`"),
    ("LE", "`<=`"),
    ("ASSIGN", "`=`, `+=`, `?=` or `:=`"),
    ("RLIMIT", "`rlimit`"),
    ("ARROW", "`->`"),
    ("INT", "a number"),
    ("FILENAME", "a file name"),
    ("LBRACE", "`{`"),
    ("LPAR", "`(`"),
    ("PATH", "a path"),
    ("WORD", "a word"),
    ("NAME", "a name"),
    ("SETVAR", "a variable"),
)


class SyntaxFault(NamedTuple):
    """A token that does not fit: `read` are the tokens of its item before it."""

    read: list[Tok]
    found: Tok
    expected: frozenset[str]
    complete: bool  # what was read is a whole item
    nested: bool  # inside braces
    opened: Tok | None = None  # the innermost brace that is open
    comma: Tok | None = None  # the word that swallowed the comma of its rule
    brace: Tok | None = None  # the word that swallowed the brace of its head
    paren: Tok | None = None  # the parenthesis that swallowed the rules after it

    @property
    def rule(self) -> list[Tok]:
        """What was read without its prefix."""
        for at, token in enumerate(self.read):
            if token.type not in PREFIXES:
                return self.read[at:]
        return []

    @property
    def keyword(self) -> str:
        """Terminal of the first word after the prefix."""
        rule = self.rule
        return rule[0].type if rule else ""

    @property
    def new_line(self) -> bool:
        """Whether the token found begins a line."""
        return starts_line(self.found)


def quote(text: str) -> str:
    """A word of the user in backticks, cut if it is long."""
    text = to_display(text)
    text = text if len(text) <= 60 else text[:57] + "…"
    return f"`{text}`"


def what(token: Tok) -> str:
    """How to call a token that was found."""
    if token.type == "$END":
        return "the end of the file"
    if token.type == "EOL" or not token.strip("\r\n"):
        return "the end of the line"
    return quote(token)


def listed(expected: frozenset[str]) -> str:
    """The first few things that are expected, for people."""
    if "PATH" in expected:
        expected -= {"NAME", "SETVAR"}
    names = list(dict.fromkeys(name for kind, name in _EXPECTED if kind in expected))[:3]
    return " or ".join(names) if len(names) < 3 else f"{names[0]}, {names[1]} or {names[2]}"


def here(
    fault: SyntaxFault, name: str, message: str, help: str = "", related: tuple[Label, ...] = ()
) -> Diagnostic:
    """The error at the token found."""
    return error(name, fault.found.span, message, help, related)
