"""What is wrong in SELinux policy: the catalogue of errors, and suggestions of names.

The numbers 600 to 629 of the catalogue of codes belong to the front end.
"""

from __future__ import annotations

from collections.abc import Iterable

from lsmc.base.diagnostics import Diagnostic, Label, catalogued
from lsmc.base.errors import close_words
from lsmc.base.source import Span, to_display

CODES = {
    "cil-syntax": 600,
    "unknown-statement": 601,
    "misplaced-statement": 602,
    "invalid-name": 603,
    "declared-twice": 604,
    "unknown-name": 605,
    "wrong-kind": 606,
    "wrong-value": 607,
    "self-reference": 608,
    "wrong-order": 609,
    "conflicting-rules": 610,
    "neverallow": 611,
    "exceeds-bounds": 612,
    "invalid-context": 613,
    "invalid-level": 614,
    "incomplete-policy": 615,
    "too-many": 616,
    "module-package": 617,
}

#: Among more known names none is looked for that is like a wrong one.
_TOO_MANY = 20_000


def error(
    name: str,
    span: Span | None,
    message: str,
    help: str = "",
    related: Iterable[Label] = (),
) -> Diagnostic:
    """An error of the catalogue; `name` is one of `CODES`, `message` is byte text."""
    return catalogued(CODES, name, span, to_display(message), to_display(help), related)


def nearest(word: str, known: Iterable[str]) -> str:
    """A help text with the known names most like a word, or an empty text."""
    length = len(word)
    if length > 64:
        return ""
    near = [one for one in known if one != word and abs(len(one) - length) <= 3]
    if len(near) > _TOO_MANY:
        return ""
    close = close_words(word, near)
    return f"did you mean {' or '.join(f'`{one}`' for one in close)}?" if close else ""
