"""Layout as edits: the lines of a document that a formatter changes, all or some."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import NamedTuple

from lsmc.modules.formatter import Formatter


class Replacement(NamedTuple):
    """Bytes from one offset to another, and what stands there instead."""

    start: int
    end: int
    text: bytes


def replacements(old: bytes, new: bytes) -> list[Replacement]:
    """The lines that differ; those that others take the place of one by one, each for itself."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    starts = [0]
    for line in before:
        starts.append(starts[-1] + len(line))
    found = []
    matched = SequenceMatcher(None, before, after, autojunk=False)
    for kind, a, b, c, d in matched.get_opcodes():
        if kind == "replace" and b - a == d - c:  # line for line, so that some of them can be taken
            found += [
                Replacement(starts[a + n], starts[a + n + 1], after[c + n]) for n in range(b - a)
            ]
        elif kind != "equal":
            found.append(Replacement(starts[a], starts[b], b"".join(after[c:d])))
    return found


def applied(old: bytes, changes: list[Replacement]) -> bytes:
    """A text with replacements, which do not overlap."""
    for one in sorted(changes, reverse=True):
        old = old[: one.start] + one.text + old[one.end :]
    return old


def laid_out(formatter: Formatter, path: str, data: bytes) -> list[Replacement]:
    """What layout changes in a file; nothing in one with errors."""
    new = formatter.format(path, data).text
    return [] if new is None else replacements(data, new)


def laid_out_between(
    formatter: Formatter, path: str, data: bytes, start: int, end: int
) -> list[Replacement]:
    """What layout changes between two offsets; nothing where the rest cannot stay as it is."""
    new = formatter.format(path, data).text
    if new is None:
        return []
    inside = [one for one in replacements(data, new) if one.start < end and one.end > start]
    again = formatter.format(path, applied(data, inside)).text
    return inside if again == new else []
