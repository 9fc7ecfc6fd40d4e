"""Files of rules in good layout: one row a line, letters in the kernel's order.

Labels stay as they are written, and so does access with letters that the kernel does not read.
"""

from __future__ import annotations

from lsmc.base.source import Source
from lsmc.compiler.inputs import DiskFiles, Options, restricted
from lsmc.modules.formatter import Formatted
from lsmc.modules.smack.files import kind_of
from lsmc.modules.smack.labels import letters, read_access
from lsmc.modules.smack.model import Rule
from lsmc.modules.smack.read import rules_of


class RowFormatter:
    """The formatter of Smack; it is a `Formatter`."""

    whole: frozenset[str] = frozenset()
    other: frozenset[str] = frozenset()

    def __init__(self, options: Options) -> None:
        self._files = restricted(DiskFiles(), options.restrict)

    def read(self, path: str) -> bytes:
        """The content of a file; OSError."""
        return self._files.read(path)

    def format(self, path: str, data: bytes) -> Formatted:
        """The new text of a file; files of labels and addresses stay as they are."""
        kind = kind_of(path)
        if kind not in ("accesses", "change-rule"):
            return Formatted(data)
        change = kind == "change-rule"
        rules, faults = rules_of(Source.from_bytes(path, data), change=change)
        if faults:
            return Formatted(None, faults)
        new = "".join(f"{_row(rule)}\n" for rule in rules).encode("latin-1")
        again, wrong = rules_of(Source.from_bytes(path, new), change=change)
        if wrong or [one[:4] for one in again] != [one[:4] for one in rules]:
            return Formatted(None, refused="its rules would change")
        return Formatted(new)


def _row(rule: Rule) -> str:
    subject, obj, *access = (word.text for word in rule.row.words)
    return " ".join((subject, obj, *map(_access, access)))


def _access(word: str) -> str:
    found = read_access(word)
    return word if found.ignored else letters(found.bits)
