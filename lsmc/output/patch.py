"""Changes of policy files as unified diffs, which `patch -p1` and `git apply` take.

A diff is bytes, as policy is: what stands in a file is changed byte by byte.  Names are quoted as
git quotes them ("core.quotePath" in git-config(1)), so that a name is one name whatever it holds.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lsmc.base.source import to_display
from lsmc.explain.hazards import HAZARDS
from lsmc.output.styled import Line, line, safe

if TYPE_CHECKING:
    from lsmc.explain.diagnosis import Remedy

_ESCAPES = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
_NO_END = "\\ No newline at end of file\n"
_ROLES = {"+": "good", "-": "bad", "@": "where"}


def unified(path: str, old: str, new: str) -> bytes:
    """The change of one file as a unified diff; empty when there is none.

    `old` and `new` are byte texts: one character a byte.  A file that is not there is a new one.
    """
    name = _name(path)
    body = difflib.unified_diff(_lines(old), _lines(new), "a", "b")
    hunks = "".join(text if text.endswith("\n") else f"{text}\n{_NO_END}" for text in body)
    if not hunks:
        return b""
    before = "/dev/null" if not old and not Path(path).exists() else _header("a/" + name)
    heads = f"--- {before}\n+++ {_header('b/' + name)}\n"
    return (heads + hunks.removeprefix("--- a\n+++ b\n")).encode("latin-1")


def patch_lines(patch: bytes) -> Iterator[Line]:
    """The lines of a diff for people."""
    for text in patch.decode("latin-1").split("\n")[:-1]:
        role = "head" if text.startswith(("+++ ", "--- ")) else _ROLES.get(text[:1], "")
        yield line((safe(to_display(text)), role))


def stake_lines(remedies: Iterable[Remedy]) -> Iterator[str]:
    """What is at stake with each remedy that has a hazard, in a line."""
    for one in remedies:
        if one.hazards:
            stakes = ", ".join(HAZARDS[word] for word in one.hazards)
            where = f"profile {safe(one.profile)}: " if one.profile else ""
            yield f"{where}{safe(one.brief)} ({stakes})"


def _name(path: str) -> str:
    """The name of a file in a diff: relative to the current directory, or else to the root.

    Patches are applied to files, not to links, and to none with `..` in its name.
    """
    real = Path(path).resolve()
    here = Path.cwd()
    if real != Path(path) and real.is_relative_to(here):
        return str(real.relative_to(here))
    return str(real).lstrip("/")


def _header(name: str) -> str:
    """A name in a header line: quoted when it has to be; a tab ends one with blanks.

    git leaves a blank at the end unquoted, which patch takes for the end of the name.
    """
    data = os.fsencode(name)
    tab = "\t" if b" " in data else ""
    if all(0x20 <= byte < 0x7F and byte not in _ESCAPES for byte in data) and name[-1] != " ":
        return name + tab
    return f'"{"".join(map(_quoted, data))}"{tab}'


def _quoted(byte: int) -> str:
    if byte in _ESCAPES:
        return "\\" + _ESCAPES[byte]
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"


def _lines(text: str) -> list[str]:
    """The lines with their ends: a line feed and nothing else ends one."""
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
