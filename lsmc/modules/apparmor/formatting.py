"""Profiles in good layout, and the proof that nothing else changes.

A new text is given only when it parses to the same tree, and when it decides the same: the text is
compiled before and after, in two front ends that share nothing, and compared with `diff`.  A file
that does not compile by itself (an abstraction, or one whose includes are elsewhere) has the tree
alone as proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsmc.compiler.inputs import Options
from lsmc.compiler.linking import link_profiles
from lsmc.modules.apparmor.build.compile import Compiler
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.syntax.formatter import format_text, same_meaning
from lsmc.modules.formatter import Formatted

if TYPE_CHECKING:
    from lsmc.tables.groups import BuiltGroup


class ProfileFormatter:
    """The front ends for the texts before and after, and the groups that both have built."""

    whole = frozenset(("abstractions", "tunables", "local"))
    other = frozenset(("abi", "cache", "cache.d"))

    def __init__(self, options: Options) -> None:
        self.before = front_end(options)
        self.after = front_end(options)
        self.known: dict[str, Sequence[BuiltGroup]] = {}

    def read(self, path: str) -> bytes:
        """The content of a file; OSError."""
        return self.before.library.files.read(path)

    def format(self, path: str, data: bytes) -> Formatted:
        """The new text of a file."""
        parsed = self.before.library.text(path, data)
        if parsed.diagnostics:
            return Formatted(None, parsed.diagnostics)
        new = format_text(self.before.library.sources[path]).encode("latin-1")
        if new == data:
            return Formatted(new)
        again = self.after.library.text(path, new)
        if again.diagnostics or not same_meaning(parsed.tree, again.tree):
            return Formatted(None, refused="its syntax tree would change")
        if not same_decisions(self.before, self.after, path, self.known):
            return Formatted(None, refused="its decisions would change")
        return Formatted(new)


def same_decisions(
    before: Compiler, after: Compiler, path: str, known: dict[str, Sequence[BuiltGroup]]
) -> bool:
    """Whether a file decides the same in two front ends, if it compiles in the first.

    `known` keeps the groups of units that were built, by digest: files share most of their units.
    """
    from lsmc.automata.dfa import StateLimit
    from lsmc.base.diagnostics import PolicyError
    from lsmc.modules.apparmor.analysis.diff import diff
    from lsmc.modules.apparmor.decide.engine import Engine

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
