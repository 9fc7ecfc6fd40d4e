"""Showing and writing changes of policy files."""

from __future__ import annotations

import difflib
from pathlib import Path

from lsmc.checker.fixing import Fixed
from lsmc.files import write_atomically
from lsmc.source import to_display


def patch(fixed: Fixed) -> str:
    """The changes as a unified diff."""
    return "".join(
        unified(path, fixed.before[path].text, text) for path, text in sorted(fixed.texts.items())
    )


def unified(path: str, old: str, new: str) -> str:
    """The change of one file as a unified diff; empty when there is none."""
    name = path.lstrip("/")
    lines = difflib.unified_diff(_lines(old), _lines(new), f"a/{name}", f"b/{name}")
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _lines(text: str) -> list[str]:
    return [to_display(line) + "\n" for line in text.split("\n")[:-1]] + (
        [to_display(text.rpartition("\n")[2])] if not text.endswith("\n") and text else []
    )


def replace_text(path: str, text: str) -> None:
    """Write a file's new text; the file keeps its mode, and a link stays a link; OSError."""
    target = Path(path).resolve()
    mode = target.stat().st_mode
    write_atomically(target, text.encode("latin-1"))
    target.chmod(mode & 0o7777)
