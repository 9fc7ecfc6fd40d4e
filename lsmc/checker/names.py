"""What checks of names share: the graph of transitions, which names exist, which lie outside.

A name that is missing from the tree may be defined by a file that was not given.  So files that
stand beside the given ones are looked through, roughly: whatever looks like the head of a profile
counts.  That can only make the checks more silent, never wrong.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from lsmc.analysis.graph import Graph
from lsmc.analysis.languages import some
from lsmc.automata.algebra import Table
from lsmc.automata.dfa import Dfa, StateLimit, determinize
from lsmc.automata.pattern import Pattern, literal_prefix, literals
from lsmc.checker.model import Tree
from lsmc.engine.requests import encode
from lsmc.engine.verdict import UNCONFINED
from lsmc.inputs import ignored
from lsmc.source import to_display

#: Profiles that programs make at run time, or that come with another package's loader.
EXTERNAL = (
    "libvirt-*",
    "LIBVIRT_TEMPLATE*",
    "virt-aa-helper*",
    "snap.*",
    "snap-update-ns.*",
    "docker-default",
    "cri-containerd.apparmor.d",
    "crio-default*",
    "containers-default-*",
    "lxc-*",
    "lxd-*",
    "incus-*",
    ":*",
)
_MANY = 64
_HEAD = re.compile(
    r"^[ \t]*(?:(?:profile|hat)[ \t]+|\^)?(\"[^\"\n]+\"|[^\s\"{}#,]+)"
    r"(?:[ \t]+(?:\"[^\"\n]+\"|[/@][^\s\"{}]*))?[^\n{}#,]*\{[ \t]*(?:#[^\n]*)?$",
    re.MULTILINE,
)


def graph_of(tree: Tree) -> Graph:
    """The transition graph of the tree; ask `tree.shared` for it."""
    return Graph(tree.policy)


def names_of(tree: Tree) -> Names:
    """The names of the tree; ask `tree.shared` for it."""
    return Names(tree)


class Names:
    """The profiles that exist, in the tree and beside it."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.profiles = tuple(profile.name for profile in tree.profiles)
        self._matches: dict[Pattern, tuple[str, ...]] = {}
        self._dfas: dict[Pattern, Dfa | None] = {}
        self._external: dict[tuple[int, tuple[str, ...]], tuple[Pattern, bool]] = {}
        self._tests: dict[Pattern, Callable[[bytes], bool]] = {}

    @cached_property
    def outside(self) -> frozenset[str]:
        """Names in files beside the given ones, as they are written; children by their own name."""
        given = {posixpath.abspath(file.path) for file in self.tree.files}
        found: set[str] = set()
        for folder in sorted({posixpath.dirname(path) for path in given}):
            for path in self._beside(folder):
                if path not in given:
                    found.update(self._heads(path))
        return frozenset(found)

    def _beside(self, folder: str) -> Iterator[str]:
        files = self.tree.library.files
        try:
            entries = files.entries(folder) or []
        except OSError:
            return
        for name in sorted(entries):
            if not ignored(name):
                yield posixpath.join(folder, name)

    def _heads(self, path: str) -> tuple[str, ...]:
        """The names of the profiles in a file, read once a library."""
        known = self.tree.library.heads
        if path not in known:
            known[path] = tuple(self._read_heads(path))
        return known[path]

    def _read_heads(self, path: str) -> Iterator[str]:
        files = self.tree.library.files
        try:
            if files.entries(path) is not None:
                return
            text = files.read(path).decode("latin-1")
        except OSError:
            return
        for match in _HEAD.finditer(text):
            yield to_display(match[1].strip('"'))

    def elsewhere(self, name: str) -> bool:
        """Whether a name may be that of a profile outside of the tree."""
        if not self.outside:
            return False
        last = name.rpartition("//")[2]
        return any(part in self.outside for part in (name, last)) or any(
            "@{" in head for head in self.outside
        )

    @property
    def whole(self) -> bool:
        """Whether no file with profiles stands beside the given ones."""
        return not self.outside

    def matching(self, pattern: Pattern) -> tuple[str, ...]:
        """The names of the tree, and `unconfined`, that a label pattern matches."""
        known = self._matches.get(pattern)
        if known is None:
            known = self._matches[pattern] = tuple(self._matching(pattern))
        return known

    def _matching(self, pattern: Pattern) -> Iterator[str]:
        listed = literals(pattern, _MANY)
        if listed is not None:
            texts = [to_display(text.decode("latin-1")) for text in listed]
            for text in texts:
                if all(part == UNCONFINED or self._known(part) for part in text.split("//&")):
                    yield text
            return
        prefix = literal_prefix(pattern)
        for at in range(bisect_left(self._ordered, (prefix, "")), len(self._ordered)):
            key, name = self._ordered[at]
            if not key.startswith(prefix):
                return
            if self.fits(pattern, key):
                yield name

    @cached_property
    def _ordered(self) -> list[tuple[bytes, str]]:
        return sorted((encode(name), name) for name in (*self.profiles, UNCONFINED))

    def fits(self, pattern: Pattern, name: bytes) -> bool:
        """Whether a label pattern matches a name; True for a pattern that is too large."""
        test = self._tests.get(pattern)
        if test is None:
            test = self._tests[pattern] = self._test(pattern)
        return test(name)

    def _test(self, pattern: Pattern) -> Callable[[bytes], bool]:
        listed = literals(pattern, _MANY)
        if listed is not None:
            return frozenset(listed).__contains__
        dfa = self.dfa(pattern)
        if dfa is None:
            return lambda _: True
        walker, accepts = dfa.walker(), dfa.accepts
        return lambda name: bool(accepts[walker.walk(name)])

    def _known(self, name: str) -> bool:
        return self.tree.policy.tables.find(name) is not None

    def dfa(self, pattern: Pattern) -> Dfa | None:
        """The automaton of a pattern, or None when it is too large."""
        if pattern not in self._dfas:
            try:
                self._dfas[pattern] = determinize([pattern])
            except StateLimit:
                self._dfas[pattern] = None
        return self._dfas[pattern]

    def own_children(self, pattern: Pattern, profile: str) -> bool:
        """Whether a pattern means any child of a profile, which may be added locally."""
        return literal_prefix(pattern) == encode(f"{profile}//") and (
            literals(pattern, _MANY) is None
        )

    def external(self, pattern: Pattern, globs: Iterable[str]) -> bool:
        """Whether a label pattern may mean a profile that is known to come from elsewhere."""
        key = (id(pattern), tuple(globs))
        if key not in self._external:
            # the pattern is kept, so that its id stays its own
            self._external[key] = (pattern, self._is_external(pattern, key[1]))
        return self._external[key][1]

    def _is_external(self, pattern: Pattern, globs: tuple[str, ...]) -> bool:
        listed = literals(pattern, _MANY)
        if listed is None:
            dfa = self.dfa(pattern)
            if dfa is None:
                return True
            prefix = literal_prefix(pattern)
            if not prefix:
                return True
            listed = (*some(Table(dfa), 4), prefix)
        names = [to_display(text.decode("latin-1")) for text in listed]
        return any(
            fnmatch.fnmatchcase(name, glob) or self.elsewhere(name)
            for name in names
            for glob in globs
        )


def external_setting(tree: Tree, check: str, table: Mapping[str, Any]) -> tuple[str, ...]:
    """The configured globs of names that come from elsewhere."""
    globs = tree.setting(check, "external", table["external"])
    return tuple(str(glob) for glob in globs)
