"""Profiles that were not given: those in files beside the given ones, and in the base directory.

Their files are looked through, roughly: whatever looks like the head of a profile counts as one,
and a variable that the file does not set stands for any text.  That can only make checks more
silent, never wrong.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from lsmc.analysis.rule_languages import RuleLanguage
from lsmc.automata.algebra import Lazy
from lsmc.automata.common import have_common
from lsmc.automata.dfa import StateLimit
from lsmc.automata.facts import has
from lsmc.automata.pattern import Pattern, literal_prefix, literals
from lsmc.base.source import to_display
from lsmc.base.text import encode
from lsmc.compiler.inputs import ignored
from lsmc.modules.apparmor.lower.aare import GlobError, parse_glob
from lsmc.modules.apparmor.resolve.library import Library

if TYPE_CHECKING:
    from lsmc.modules.apparmor.lint.tree import Tree

_WORD = r"(?:\"[^\"\n]*\"|[^\s\"]++)"
_PATH = r"(?=\"?[/@:])" + _WORD
_HEAD = re.compile(
    rf"^[ \t]*(?:(?:profile|hat)[ \t]+|\^)(?P<name>{_WORD})(?:\s+(?P<path>{_PATH}))?"
    rf"|^[ \t]*(?P<bare>{_PATH})(?:[ \t]+(?:\w+=|\()[^\n]*)?\s+\{{",
    re.MULTILINE,
)
_TARGET = re.compile(rf"->[ \t]*&?({_WORD})")
_SET = re.compile(r"^[ \t]*(@\{\w+\})[ \t]*[+:?]?=[ \t]*([^\n#]*)", re.MULTILINE)
_VARIABLE = re.compile(r"@\{[^}]*\}")
_GLOB = frozenset("*?[{@")
_ANY_TEXT = parse_glob("**").pattern
#: Paths of a pattern that are looked up one by one; how often variables are put in for others.
_MANY = 64
_ROUNDS = 4
_LIMIT = 20_000


class ProfileHead(NamedTuple):
    """A profile: its file, its name and what it attaches to as they are written, and variables."""

    file: str
    name: str
    paths: str
    variables: dict[str, list[str]]


class NeighbourFile(NamedTuple):
    """A file as it was looked through: its content, profiles, and what stands behind arrows."""

    data: bytes
    heads: tuple[ProfileHead, ...]
    targets: tuple[str, ...]


class NeighbourFiles:
    """The files of a library's file system, looked through and not compiled; each is read once.

    What an earlier library's files gave counts for those that did not change.
    """

    def __init__(self, library: Library) -> None:
        self._files = library.files
        self._before = library.kept_before(NeighbourFiles)
        self.known: dict[str, NeighbourFile] = {}
        self.heads: dict[tuple[str, ...], ProfileHeads] = {}
        if self._before is not None:
            self._before.forget()

    def profiles(self, folders: Iterable[str]) -> ProfileHeads:
        """The profiles of the files in some folders."""
        key = tuple(sorted(set(folders)))
        if key not in self.heads:
            paths = dict.fromkeys(path for folder in key for path in self.inside(folder))
            heads = tuple(head for path in paths for head in self.file(path).heads)
            before = self._before.heads.get(key) if self._before is not None else None
            same = before is not None and before.heads == heads
            self.heads[key] = before if before and same else ProfileHeads(heads)
        return self.heads[key]

    def inside(self, folder: str) -> Iterator[str]:
        """The paths in a folder, in order; none when it is not a folder."""
        try:
            entries = self._files.entries(folder) or []
        except OSError:
            return
        yield from (posixpath.join(folder, name) for name in sorted(entries) if not ignored(name))

    def below(self, folder: str) -> Iterator[str]:
        """The paths in a folder and in those in it."""
        for path in self.inside(folder):
            yield path
            yield from self.below(path)

    def file(self, path: str) -> NeighbourFile:
        """A file looked through; as if empty for what cannot be read."""
        if path not in self.known:
            try:
                data = self._files.read(path)
            except OSError:
                data = b""
            before = self._before.known.get(path) if self._before is not None else None
            same = before is not None and before.data == data
            self.known[path] = before if before and same else _look_through(path, data)
        return self.known[path]

    def forget(self) -> None:
        """Forget what an earlier library's files gave."""
        self._before = None


def _look_through(path: str, data: bytes) -> NeighbourFile:
    text = data.decode("latin-1")
    targets = tuple(match[1].strip('",') for match in _TARGET.finditer(text))
    return NeighbourFile(data, tuple(_heads(path, text)), targets)


def _heads(path: str, text: str) -> Iterator[ProfileHead]:
    variables: dict[str, list[str]] = {}
    for match in _SET.finditer(text):
        variables.setdefault(match[1], []).extend(re.findall(_WORD, match[2]))
    for match in _HEAD.finditer(text):
        name = (match["name"] or match["bare"]).strip('"')
        yield ProfileHead(path, to_display(name), (match["path"] or name).strip('"'), variables)


class ProfileHeads:
    """Profiles by name and by what they attach to."""

    def __init__(self, heads: tuple[ProfileHead, ...]) -> None:
        self.heads = heads
        self._automata: dict[Pattern, Lazy] = {}
        self.files: dict[str, set[str]] = {}
        for head in self.heads:
            self.files.setdefault(head.name, set()).add(head.file)

    @cached_property
    def _attachments(self) -> tuple[dict[bytes, set[str]], dict[Pattern, set[str]]]:
        """Files by the paths that their profiles attach to, where they are few, and by pattern."""
        few: dict[bytes, set[str]] = {}
        many: dict[Pattern, set[str]] = {}
        for head in self.heads:
            if head.paths.startswith(("/", "@")):
                pattern = _glob(head.paths, head.variables)
                listed = literals(pattern, _MANY)
                if listed is None:
                    many.setdefault(pattern, set()).add(head.file)
                for path in listed or ():
                    few.setdefault(path, set()).add(head.file)
        return dict(sorted(few.items())), many

    def may_attach(self, rule: RuleLanguage, given: set[str]) -> bool:
        """Whether a profile of a file that is not given may attach to a path of a rule."""
        few, many = self._attachments
        return any(not few[path] <= given for path in rule.starting(tuple(few))) or any(
            not files <= given and self._meet(rule, pattern) for pattern, files in many.items()
        )

    def attaching(self, programs: Iterable[bytes]) -> set[str]:
        """The files of the profiles that may attach to some paths."""
        few, many = self._attachments
        paths = list(programs)
        found = {file for path in paths for file in few.get(path, ())}
        for pattern, files in many.items():
            if any(has(pattern, path) for path in paths):
                found |= files
        return found

    def _meet(self, rule: RuleLanguage, pattern: Pattern) -> bool:
        start = literal_prefix(pattern)
        if not start.startswith(rule.prefix) and not rule.prefix.startswith(start):
            return False
        if pattern not in self._automata:
            self._automata[pattern] = Lazy(pattern)
        try:
            return have_common([rule.automaton(), self._automata[pattern]], _LIMIT)
        except StateLimit:
            return True


class NeighbourIndex:
    """The profiles beside a tree; ask `tree.shared` for them."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._files = tree.library.kept(NeighbourFiles)
        self._given = {posixpath.abspath(file.path) for file in tree.files}
        self._base = tuple(map(posixpath.abspath, tree.library.search[:1]))
        self._folders = (*sorted({posixpath.dirname(path) for path in self._given}), *self._base)

    @cached_property
    def _profiles(self) -> ProfileHeads:
        return self._files.profiles(self._folders)

    @cached_property
    def names(self) -> frozenset[str]:
        """Their names as they are written: children by their own, and variables as such."""
        found = self._profiles.files.items()
        return frozenset(name for name, files in found if not files <= self._given)

    @cached_property
    def _unknown(self) -> bool:
        return any("@{" in name for name in self.names)

    def has(self, name: str) -> bool:
        """Whether one of them may have a name, or a child of that name."""
        return self._unknown or name in self.names or name.rpartition("//")[2] in self.names

    def attaches(self, rule: RuleLanguage) -> bool:
        """Whether one of them may attach to a path of a rule."""
        return bool(self.names) and self._profiles.may_attach(rule, self._given)

    def enters(self, name: str) -> bool:
        """Whether a rule that the tree does not have may lead to a profile by its name."""
        if name in self._targets:
            return True
        return any(has(pattern, encode(name)) for pattern in self._target_patterns)

    @cached_property
    def _target_patterns(self) -> tuple[Pattern, ...]:
        globs = (target for target in self._targets if not _GLOB.isdisjoint(target))
        return tuple(_glob(glob, {}) for glob in globs)

    @cached_property
    def _targets(self) -> frozenset[str]:
        paths = {path for folder in self._folders for path in self._files.inside(folder)}
        for folder in self._base:
            paths.update(self._files.below(posixpath.join(folder, "abstractions")))
        paths.difference_update(map(posixpath.abspath, self._tree.texts))
        found = (target for path in paths for target in self._files.file(path).targets)
        return frozenset(map(to_display, found))


def _glob(text: str, variables: dict[str, list[str]]) -> Pattern:
    """The language of a glob in which variables stand for their values, or for any text."""

    def put(match: re.Match[str]) -> str:
        found = [value.strip('"') for value in variables.get(match[0], ())]
        return "{" + ",".join(found) + "}" if len(found) > 1 else "".join(found) or match[0]

    for _ in range(_ROUNDS):
        text = _VARIABLE.sub(put, text)
    try:
        return parse_glob(_VARIABLE.sub("**", text)).pattern
    except GlobError:
        return _ANY_TEXT
