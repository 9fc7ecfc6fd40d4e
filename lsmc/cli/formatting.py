"""`lsmc fmt` after option parsing: chooses files, formats them and shows the changes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lsmc.base.files import read_stream, write_file
from lsmc.base.text import counted
from lsmc.cli.faults import NO, WRONG, YES, UsageFault
from lsmc.cli.options import Reading
from lsmc.cli.reading import check_paths
from lsmc.cli.screen import Screen
from lsmc.compiler.errors import unreadable
from lsmc.compiler.inputs import MAX_SOURCE, ignored, may_be_policy, profile_paths
from lsmc.compiler.linking import policy_files
from lsmc.modules.registry import module_of
from lsmc.output.patch import unified
from lsmc.output.styled import line, safe


class FormatOptions(NamedTuple):
    """Options of `fmt`."""

    paths: tuple[str, ...]
    reading: Reading
    check: bool = False
    diff: bool = False
    recursive: bool = False
    stdin_filename: str | None = None


def fmt(wish: FormatOptions, screen: Screen) -> int:
    """Format files; returns the exit status."""
    if wish.stdin_filename is not None and "-" not in wish.paths:
        raise UsageFault("--stdin-filename needs the path -")
    return _Run(wish, screen).run()


class _Run:
    """One run: the formatter and the counts of its results."""

    def __init__(self, wish: FormatOptions, screen: Screen) -> None:
        self.wish = wish
        self.screen = screen
        self.module = module = module_of(list(wish.paths), wish.reading.module)
        self.find = module.find_files or profile_paths
        make = module.needs(module.formatter, "layout")
        self.formatter = make(wish.reading.options())
        self.changed = self.unchanged = self.failed = self.left = 0

    def run(self) -> int:
        for path in dict.fromkeys(self.wish.paths):
            if path == "-":
                name = self.wish.stdin_filename or "<stdin>"
                self.standard_input(name, read_stream(sys.stdin.buffer, MAX_SOURCE, name))
            else:
                for found in self.files(path):
                    self.file(found)
        if not self.changed + self.unchanged + self.failed + self.left:
            check_paths(self.wish.paths, (), self.screen)
        self.summary()
        if self.failed:
            return WRONG
        return NO if self.wish.check and self.changed else YES

    def files(self, path: str) -> Iterable[str]:
        """The files that a path stands for; links in a directory that lead outside are skipped."""
        name = os.path.basename(os.path.abspath(path))
        deep = self.wish.recursive or name in self.formatter.whole
        if deep and os.path.isdir(path):
            return self.inside(path, self._below(path))
        found, faults = policy_files([path], find=self.find)
        self.failed += len(faults)
        self.screen.diagnostics(faults)
        return self.inside(path, found) if os.path.isdir(path) else found

    def _below(self, path: str) -> Iterator[str]:
        """The policy files of a directory and of those below it, in order.

        Directories that hold policy of another module are left alone.
        """
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if self._may_hold(folder, name))
            yield from (os.path.join(folder, name) for name in sorted(names) if may_be_policy(name))

    def _may_hold(self, folder: str, name: str) -> bool:
        if ignored(name) or name in self.formatter.other:
            return False
        return module_of([os.path.join(folder, name)]) == self.module

    def inside(self, folder: str, paths: Iterable[str]) -> Iterator[str]:
        """The files that really lie in a directory; the others are skipped with a remark."""
        root = os.path.join(os.path.realpath(folder), "")
        for path in paths:
            if os.path.realpath(path).startswith(root):
                yield path
            else:
                self.left += 1
                told = f"`{safe(path)}` leads out of `{safe(folder)}` and is left alone"
                self.screen.remark(f"lsmc: note: {told}")

    def file(self, path: str) -> None:
        """Format a file on disk."""
        try:
            old = self.formatter.read(path)
        except OSError as fault:
            self.failed += 1
            self.screen.diagnostics([unreadable(path, fault)])
            return
        new = self.formatted(path, old)
        if new is None or new == old or self.wish.check or self.wish.diff:
            return
        try:
            write_file(path, new)
        except OSError as fault:
            self.changed -= 1
            self.failed += 1
            self.screen.diagnostics([unreadable(path, fault)])

    def standard_input(self, name: str, old: bytes) -> None:
        """Format standard input."""
        new = self.formatted(name, old)
        if new is not None and not self.wish.check and not self.wish.diff:
            self.screen.policy(new)

    def formatted(self, path: str, old: bytes) -> bytes | None:
        """The new text of a file, or None when it must stay unchanged."""
        found = self.formatter.format(path, old)
        if found.text is None:
            self.failed += 1
            self.screen.diagnostics(found.faults)
            if found.refused:
                told = f"`{safe(path)}` is left as it is: {found.refused}; please report this"
                self.screen.error(told)
        elif found.text == old:
            self.unchanged += 1
        else:
            self.changed += 1
            self.show(path, old, found.text)
        return found.text

    def show(self, path: str, old: bytes, new: bytes) -> None:
        """Print the change to a file: a diff, or its name."""
        if self.wish.diff:
            texts = (data.decode("latin-1") for data in (old, new))
            self.screen.patch(unified(path, *texts))
        elif self.wish.check:
            self.screen.show([line(f"would format {safe(path)}")])

    def summary(self) -> None:
        """Print the counts."""
        verb = "would be formatted" if self.wish.check or self.wish.diff else "formatted"
        counts = [f"{counted(self.changed, 'file')} {verb}"] if self.changed else []
        counts += [f"{counted(self.unchanged, 'file')} left unchanged"] if self.unchanged else []
        counts += [f"{counted(self.failed, 'file')} with errors"] if self.failed else []
        if counts and self.wish.paths != ("-",):
            self.screen.remark(", ".join(counts))
