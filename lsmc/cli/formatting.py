"""`lsmc fmt` without its options: which files, what changes, and the proof that nothing else does.

A file is written only when its new text parses to the same tree, and when it decides the same: the
text is compiled before and after, in two front ends that share nothing, and compared with `diff`.
A file that does not compile by itself (an abstraction, or one whose includes are elsewhere) has the
tree alone as proof.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lsmc.base.files import read_stream, write_file
from lsmc.cli.faults import NO, WRONG, YES, UsageFault
from lsmc.cli.options import Reading
from lsmc.cli.reading import check_paths
from lsmc.cli.screen import Screen
from lsmc.compiler.errors import unreadable
from lsmc.compiler.inputs import MAX_SOURCE, ignored
from lsmc.compiler.linking import link_profiles, policy_files
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.syntax.formatter import format_text, same_meaning
from lsmc.output.patch import unified
from lsmc.output.styled import line, safe

if TYPE_CHECKING:
    from lsmc.modules.apparmor.compile import Compiler
    from lsmc.tables.groups import BuiltGroup

#: Directories of policy that hold no profiles themselves, so that all below them is meant.
WHOLE = frozenset(("abstractions", "tunables", "local"))
#: Directories of policy whose files are something else.
_OTHER = frozenset(("abi", "cache", "cache.d"))


class Wish(NamedTuple):
    """The options of the command."""

    paths: tuple[str, ...]
    reading: Reading
    check: bool = False
    diff: bool = False
    recursive: bool = False
    stdin_filename: str | None = None


def fmt(wish: Wish, screen: Screen) -> int:
    """Format files; the exit status."""
    if wish.stdin_filename is not None and "-" not in wish.paths:
        raise UsageFault("--stdin-filename needs the path -")
    return _Run(wish, screen).run()


class _Run:
    """One run: the front ends for the texts before and after, and the counts."""

    def __init__(self, wish: Wish, screen: Screen) -> None:
        self.wish = wish
        self.screen = screen
        self.options = wish.reading.options()
        self.before = front_end(self.options)
        self.after = front_end(self.options)
        self.known: dict[str, Sequence[BuiltGroup]] = {}
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
        """The files that a path stands for; not those that a link in a directory leads out to."""
        deep = self.wish.recursive or os.path.basename(os.path.abspath(path)) in WHOLE
        if deep and os.path.isdir(path):
            return self.inside(path, _below(path))
        found, faults = policy_files([path])
        self.failed += len(faults)
        self.screen.diagnostics(faults)
        return self.inside(path, found) if os.path.isdir(path) else found

    def inside(self, folder: str, paths: Iterable[str]) -> Iterator[str]:
        """The files that are really in a directory; the others are left alone, and told."""
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
            old = self.before.library.files.read(path)
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
        """The new text of a file, or None when it must stay as it is."""
        parsed = self.before.library.text(path, old)
        if parsed.diagnostics:
            self.failed += 1
            self.screen.diagnostics(parsed.diagnostics)
            return None
        new = format_text(self.before.library.sources[path]).encode("latin-1")
        if new == old:
            self.unchanged += 1
            return new
        again = self.after.library.text(path, new)
        if again.diagnostics or not same_meaning(parsed.tree, again.tree):
            self.refused(path, "its syntax tree would change")
            return None
        if not same_decisions(self.before, self.after, path, self.known):
            self.refused(path, "its decisions would change")
            return None
        self.changed += 1
        self.show(path, old, new)
        return new

    def refused(self, path: str, reason: str) -> None:
        """Say that a file stays as it is, through a fault of ours."""
        self.failed += 1
        self.screen.error(f"`{safe(path)}` is left as it is: {reason}; please report this")

    def show(self, path: str, old: bytes, new: bytes) -> None:
        """What a file's change is to look like: a difference, or its name."""
        if self.wish.diff:
            texts = (data.decode("latin-1") for data in (old, new))
            self.screen.patch(unified(path, *texts))
        elif self.wish.check:
            self.screen.show([line(f"would format {safe(path)}")])

    def summary(self) -> None:
        """The counts."""
        verb = "would be formatted" if self.wish.check or self.wish.diff else "formatted"
        counts = [f"{_files(self.changed)} {verb}"] if self.changed else []
        counts += [f"{_files(self.unchanged)} left unchanged"] if self.unchanged else []
        counts += [f"{_files(self.failed)} with errors"] if self.failed else []
        if counts and self.wish.paths != ("-",):
            self.screen.remark(", ".join(counts))


def same_decisions(
    before: Compiler, after: Compiler, path: str, known: dict[str, Sequence[BuiltGroup]]
) -> bool:
    """Whether a file decides the same in two front ends, if it compiles in the first.

    `known` keeps the groups of units that were built, by digest: files share most of their units.
    """
    from lsmc.automata.dfa import StateLimit
    from lsmc.base.diagnostics import PolicyError
    from lsmc.modules.apparmor.diff import diff
    from lsmc.modules.apparmor.engine import Engine

    policies: list[Engine] = []
    for front in (before, after):
        compiled = front.compile(path)
        try:
            linked, _ = link_profiles(
                front.module, compiled.profiles, compiled.diagnostics, known=known
            )
        except PolicyError:
            return not policies
        policy = Engine(linked.data)
        for number, digest in enumerate(linked.digests):
            if digest not in known:
                known[digest] = policy.bundle.built_groups(number)
        policies.append(policy)
    try:
        return not diff(*policies)
    except StateLimit:
        return True


def _below(path: str) -> Iterator[str]:
    """The policy files of a directory and of those in it, in order."""
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(f for f in folders if not ignored(f) and f not in _OTHER)
        yield from (os.path.join(folder, name) for name in sorted(names) if not ignored(name))


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"
