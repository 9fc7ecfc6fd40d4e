"""What checks of names share: the graph of transitions, which names exist, which lie outside."""

from __future__ import annotations

import fnmatch
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from lsmc.automata.algebra import Table, alternatives
from lsmc.automata.determinize import determinize
from lsmc.automata.dfa import Dfa, StateLimit
from lsmc.automata.members import KnownLanguages, Sight, seen
from lsmc.automata.pattern import Pattern, literal_prefix, literals, union
from lsmc.base.text import displayed, encode
from lsmc.engine.verdict import UNCONFINED
from lsmc.lint.model import Check
from lsmc.modules.apparmor.graph.graph import ProfileGraph
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.lint.unlinted_profiles import NeighbourIndex
from lsmc.tables.groups import key_pattern

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


def graph_of(tree: Tree) -> ProfileGraph:
    """The transition graph of the tree; ask `tree.shared` for it."""

    def rule(number: int) -> Sight | None:
        sight = seen(key_pattern(tree.rules[number]))
        return None if sight is None else sight.behind(1)  # the class code

    def attachment(profile: int) -> Sight | None:
        found = tree.profiles[profile].ir.attachment
        return seen(union(found.patterns)) if found is not None else None

    return ProfileGraph(tree.engine, KnownLanguages(rule, attachment))


class ProfileNames:
    """The profiles that exist, in the tree and beside it; ask `tree.shared` for them."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.neighbours = tree.shared(NeighbourIndex)
        self.profiles = tuple(profile.name for profile in tree.profiles)
        self._matches: dict[Pattern, tuple[str, ...]] = {}
        self._dfas: dict[Pattern, Dfa | None] = {}
        self._external: dict[tuple[Pattern, tuple[str, ...]], bool] = {}
        self._tests: dict[Pattern, Callable[[bytes], bool]] = {}

    def matching(self, pattern: Pattern) -> tuple[str, ...]:
        """The names of the tree, and `unconfined`, that a label pattern matches."""
        known = self._matches.get(pattern)
        if known is None:
            known = self._matches[pattern] = tuple(self._matching(pattern))
        return known

    def _matching(self, pattern: Pattern) -> Iterator[str]:
        listed = literals(pattern, _MANY)
        if listed is not None:
            texts = [displayed(text) for text in listed]
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
        return self.tree.engine.tables.find(name) is not None

    def dfa(self, pattern: Pattern) -> Dfa | None:
        """The automaton of a pattern, or None when it is too large."""
        if pattern not in self._dfas:
            try:
                self._dfas[pattern] = determinize([pattern])
            except StateLimit:
                self._dfas[pattern] = None
        return self._dfas[pattern]

    def own_children(self, pattern: Pattern, profile: str) -> bool:
        """Whether a pattern means any child of a profile, or a stack with it.

        Children may be added locally, and what is stacked comes from elsewhere.
        """
        own = (encode(f"{profile}//"), encode(f"{profile}//&"))
        return literal_prefix(pattern) in own and literals(pattern, _MANY) is None

    def external(self, pattern: Pattern, globs: Iterable[str]) -> bool:
        """Whether a label pattern may mean a profile that is known to come from elsewhere."""
        key = (pattern, tuple(globs))
        if key not in self._external:
            self._external[key] = self._is_external(*key)
        return self._external[key]

    def _is_external(self, pattern: Pattern, globs: tuple[str, ...]) -> bool:
        prefix = literal_prefix(pattern)
        listed = literals(pattern, _MANY)
        if listed is None:
            dfa = self.dfa(pattern)
            if dfa is None or not prefix or self._beside(pattern, prefix):
                return True
            listed = (*alternatives(Table(dfa), 4), prefix)
        names = [displayed(text) for text in listed]
        return any(
            self.neighbours.has(name) or any(fnmatch.fnmatchcase(name, glob) for glob in globs)
            for name in names
        )

    def _beside(self, pattern: Pattern, prefix: bytes) -> bool:
        """Whether a label pattern may mean a profile beside the tree, or any child of one."""
        parent, _, child = prefix.rpartition(b"//")
        if not child and self.neighbours.has(displayed(parent)):
            return True
        return any(self.fits(pattern, encode(name)) for name in self.neighbours.names)


def external_setting(tree: Tree, check: Check[Tree]) -> tuple[str, ...]:
    """The configured globs of names that come from elsewhere."""
    return tuple(str(glob) for glob in tree.setting(check, "external"))
