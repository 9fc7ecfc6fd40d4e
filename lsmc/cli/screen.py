"""Output to the terminal: standard output and error, in colour or not."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from lsmc.base.text import decode
from lsmc.output.styled import Line, ansi, inert, line, plain, safe, shortened

if TYPE_CHECKING:
    from lsmc.base.diagnostics import Diagnostic
    from lsmc.base.source import Span


def in_order(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Diagnostics by place; files in the order of their first diagnostic."""
    listed = list(found)
    files: dict[str | None, int] = {}
    for diagnostic in listed:
        files.setdefault(diagnostic.file, len(files))
    return sorted(listed, key=lambda d: (files[d.file], d.line or 0, d.column or 0))


class Screen:
    """Writes output for people; with `quiet`, only errors."""

    def __init__(self, color: str = "auto", quiet: bool = False) -> None:
        self.color = color
        self.quiet = quiet
        self.about = ""  # the bundle that is open, for messages about damage

    def colored(self, stream: TextIO) -> bool:
        """Whether output to a stream is coloured."""
        if self.color != "auto":
            return self.color == "always"
        if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
            return False
        return stream.isatty()

    @property
    def width(self) -> int | None:
        """The characters in a line of standard output; None where lines may have any length.

        That is the width of the terminal, or what COLUMNS says of another program that shows it.
        """
        stated = os.environ.get("COLUMNS", "")
        if stated.isdecimal() and int(stated):
            return int(stated)
        try:
            return os.get_terminal_size(sys.stdout.fileno()).columns or None
        except (OSError, ValueError):
            return None

    def show(self, lines: Iterable[Line]) -> None:
        """Print an answer to standard output."""
        if not self.quiet:
            self._write(lines, sys.stdout)

    def rich(self, lines: Iterable[Line]) -> None:
        """Print a longer answer to standard output, folded to the width of the terminal."""
        if self.quiet:
            return
        if self.colored(sys.stdout) and not _in_actions():
            from lsmc.output.human import render

            render(lines, sys.stdout)
        else:
            self._write(lines, sys.stdout)

    def text(self, text: str) -> None:
        """Print machine-readable text to standard output."""
        if not self.quiet:
            sys.stdout.write(text)

    def patch(self, diff: bytes) -> None:
        """Print a diff to standard output: its bytes, or for people in colours and with escapes."""
        if self.quiet:
            return
        if sys.stdout.isatty() or self.colored(sys.stdout):
            from lsmc.output.patch import patch_lines

            self._write(patch_lines(diff), sys.stdout)
        else:
            self.policy(diff)

    def policy(self, text: bytes) -> None:
        """Print policy text to standard output; on a terminal control characters are escaped."""
        if self.quiet:
            return
        sys.stdout.flush()
        if sys.stdout.isatty():
            for row in decode(text).splitlines(keepends=True):
                sys.stdout.write(safe(row.rstrip("\n")) + "\n" * row.endswith("\n"))
            return
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()

    def remark(self, *pieces: str | tuple[str, str]) -> None:
        """Print a remark on the work to standard error, folded on a narrow screen."""
        if self.quiet:
            return
        from lsmc.output.table import NARROW, fold

        said, width = line(*pieces), self.width
        text = plain([said]).removesuffix("\n")
        if width is not None and width < NARROW and len(text) > width:
            self._write([line(row) for row in fold(text, width)], sys.stderr)
        else:
            self._write([said], sys.stderr)

    def error(self, message: str) -> None:
        """Print a fault that has no place in a file."""
        self._write([line(("lsmc: error: ", "bad"), safe(shortened(message)))], sys.stderr)

    def located(self, file: str, line_number: int, message: str) -> None:
        """Print a fault at a line of a file that is not policy."""
        where = (f"{safe(file)}:{line_number}: ", "where")
        self._write([line(where, ("error: ", "bad"), safe(shortened(message)))], sys.stderr)

    def fault(self, span: Span, message: str, help: str = "") -> None:
        """Print a fault at a place of a file that is not policy, with the line there."""
        from lsmc.output.excerpt import fault_lines

        self._write(fault_lines(span, message, help), sys.stderr)

    def diagnostics(self, found: Iterable[Diagnostic]) -> None:
        """Print diagnostics of a policy; with `quiet` only errors."""
        from lsmc.output.excerpt import diagnostic_lines

        for diagnostic in in_order(found):
            if diagnostic.severity == "error" or not self.quiet:
                self._write(diagnostic_lines(diagnostic), sys.stderr)

    def _write(self, lines: Iterable[Line], stream: TextIO) -> None:
        text = (ansi if self.colored(stream) else plain)(lines)
        stream.write(inert(text) if _in_actions() else text)


def _in_actions() -> bool:
    """Whether GitHub Actions reads the output."""
    return bool(os.environ.get("GITHUB_ACTIONS"))
