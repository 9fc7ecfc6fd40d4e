"""A name or text that reads as something else.

What it does: finds characters that change how a line is shown (bidirectional controls), that are
not shown at all (zero width), and path components and names that mix letters of Latin with those
of Cyrillic, Greek, Armenian or Cherokee, which look alike.

Why is this bad: a reviewer reads one rule and the kernel another.

Bad:

```apparmor
profile tool /usr/bin/tool {
  /etc/p\u0430sswd r,  # found
}
```

Good:

```apparmor
profile tool /usr/bin/tool {
  /srv/d\u00e9p\u00f4t/** r,
}
```

How sure: the characters are there.  A name that mixes scripts on purpose is reported too.

How to fix: write the plain letters, or escape the bytes as `\\xNN`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source, Span, to_display
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.tree import Tree

#: Bidirectional controls, and characters without width (Unicode Standard Annex 9; UTS 39).
_HIDDEN = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_WORD = re.compile(r"[^\s,;(){}\[\]<>=\"/#]+")
_ALIKE = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each such place in the files of the tree."""
    for path in tree.texts:
        source = tree.library.sources[path]
        if not source.text.isascii() and "\0" not in source.text:  # no text, if there is one
            yield from _source(source)


def _source(source: Source) -> Iterator[Diagnostic]:
    at = 0
    for line in source.text.split("\n"):
        if not line.isascii():
            yield from _line(source, at, line)
        at += len(line) + 1


def _line(source: Source, at: int, line: str) -> Iterator[Diagnostic]:
    text = to_display(line)
    for match in _HIDDEN.finditer(text):
        char = match.group()
        name = unicodedata.name(char, f"U+{ord(char):04X}").lower()
        kind = "is not shown" if unicodedata.bidirectional(char) == "BN" else "changes the order"
        yield CHECK.finding(
            _span(source, at, text, match.start(), match.end()),
            f"the character U+{ord(char):04X} ({name}) {kind}",
            help="remove it, or escape its bytes as `\\xNN` if a file is really named so",
        )
    code = text.partition("#")[0]
    for match in _WORD.finditer(code):
        scripts = sorted({script for char in match.group() if (script := _script(char))})
        if len(scripts) > 1:
            yield CHECK.finding(
                _span(source, at, text, match.start(), match.end()),
                f"`{match.group()}` mixes {' and '.join(s.capitalize() for s in scripts)} letters, "
                "which look alike",
                help="write the letters of one script",
            )


def _script(char: str) -> str:
    """The script of a letter, if it is one of those that look alike."""
    if char.isascii():
        return "LATIN" if char.isalpha() else ""
    first = unicodedata.name(char, "").split(" ")[0]
    return first if first in _ALIKE else ""


def _span(source: Source, at: int, text: str, start: int, end: int) -> Span:
    before = len(text[:start].encode("utf-8", "backslashreplace"))
    inside = len(text[start:end].encode("utf-8", "backslashreplace"))
    return Span(source, at + before, at + before + inside)


CHECK = Check("LSM315", "confusable-name", "warning", run, confidence="medium")
