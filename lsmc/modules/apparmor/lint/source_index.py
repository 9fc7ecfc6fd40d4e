"""The texts of a tree: where each file is included, and which variables it speaks of.

Worked out once a file, from its syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from lsmc.base.source import Span
from lsmc.modules.apparmor.lint.include_graph import IncludeGraph
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.resolve.library import Parsed
from lsmc.modules.apparmor.resolve.variables import references
from lsmc.modules.apparmor.syntax import ast

_SET = re.compile(r"(?<!\\)(?:\\\\)*@\{([A-Za-z][A-Za-z0-9_]*)\}")
_BOOL = re.compile(r"\$\{?([A-Za-z][A-Za-z0-9_]*)\}?")


@dataclass(frozen=True, slots=True)
class Site:
    """An include line: the profile around it, None at the top of a file, and the blocks and ifs."""

    include: ast.Include
    profile: ast.Profile | None
    around: tuple[ast.Block | ast.If, ...]
    targets: tuple[str, ...]


class Syntax:
    """The texts of a tree, each with what it includes; ask `tree.shared` for it."""

    def __init__(self, tree: Tree) -> None:
        self.library = tree.library
        self.graph = self.library.kept(IncludeGraph)
        self.files: dict[str, Parsed] = {path: self.library.file(path) for path in tree.texts}
        self._sites: dict[str, tuple[Site, ...]] = {}
        self._uses: dict[str, dict[str, Span]] = {}
        self._closures: dict[str, frozenset[str]] = {}

    def sites(self, path: str) -> tuple[Site, ...]:
        """The include lines of a file, in order."""
        if path not in self._sites:
            items = self.files[path].tree.items
            self._sites[path] = tuple(self._walk(items, None, ()))
        return self._sites[path]

    def _walk(
        self,
        items: Sequence[ast.Item],
        profile: ast.Profile | None,
        around: tuple[ast.Block | ast.If, ...],
    ) -> Iterator[Site]:
        for item in items:
            match item:
                case ast.Include():
                    targets = self.library.find(item.path, item.magic) or ()
                    yield Site(item, profile, around, targets)
                case ast.Profile():
                    yield from self._walk(item.body, item, ())
                case ast.Block():
                    yield from self._walk(item.body, profile, (*around, item))
                case ast.If():
                    inner = (*around, item)
                    yield from self._walk(item.body, profile, inner)
                    yield from self._walk(item.orelse, profile, inner)

    def closure(self, path: str) -> frozenset[str]:
        """A file and all that it includes."""
        if path not in self._closures:
            self._closures[path] = frozenset(self.graph.closure([path]))
        return self._closures[path]

    @cached_property
    def in_bodies(self) -> dict[str, Site]:
        """The files that some profile's body includes, directly or not, each with one such line."""
        found: dict[str, Site] = {}
        for path in sorted(self.files):
            for site in self.sites(path):
                if site.profile is not None:
                    for target in site.targets:
                        for inner in self.closure(target):
                            if inner in self.files:
                                found.setdefault(inner, site)
        return found

    def uses(self, path: str) -> dict[str, Span]:
        """The variables that a file speaks of outside of set assignments, each with a place."""
        if path not in self._uses:
            self._uses[path] = dict(_uses(self.files[path].tree))
        return self._uses[path]


def _uses(tree: ast.File) -> Iterator[tuple[str, Span]]:
    source = tree.span.source
    text = source.text
    if "@{" not in text and "$" not in text:
        return
    blank = [comment.span for comment in tree.comments]
    blank += [item.span for item in tree.items if isinstance(item, ast.Assign)]
    for span in blank:
        text = text[: span.start] + " " * (span.end - span.start) + text[span.end :]
    bools = [item for item in tree.items if isinstance(item, ast.AssignBool)]
    heads = {item.name.span.start for item in bools}
    for pattern in (_SET, _BOOL):
        for match in pattern.finditer(text):
            if heads.isdisjoint(range(match.start(), match.end())):
                yield match[1], Span(source, match.start(), match.end())


def value_references(item: ast.Assign) -> set[str]:
    """The variables that an assignment's values refer to."""
    return {name for value in item.values for name in references(value.text)}


def is_under(path: str, *folders: str) -> bool:
    """Whether a path has one of some folders among its parts."""
    return not set(path.replace("\\", "/").split("/")[:-1]).isdisjoint(folders)
