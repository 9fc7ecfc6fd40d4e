"""The variables of a tree: which files declare them, and which texts need them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from lsmc.modules.apparmor.lint.source_index import Syntax, value_references
from lsmc.modules.apparmor.lint.tree import LintedFile, Tree
from lsmc.modules.apparmor.syntax import ast


class DeclaredVariables:
    """Where variables are declared and used; ask `tree.shared` for it."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.syntax = tree.shared(Syntax)
        self._assigned: dict[str, tuple[ast.Assign, ...]] = {}
        self._needed: dict[str, frozenset[str]] = {}
        self._referring: dict[str, tuple[tuple[str, frozenset[str]], ...]] = {}

    def assigned(self, path: str) -> tuple[ast.Assign, ...]:
        """The assignments of sets that a file holds."""
        if path not in self._assigned:
            items = self.syntax.files[path].tree.items
            self._assigned[path] = tuple(i for i in items if isinstance(i, ast.Assign))
        return self._assigned[path]

    @cached_property
    def parameters(self) -> frozenset[str]:
        """The variables that files included by some profile speak of."""
        return frozenset(name for path in self.syntax.in_bodies for name in self.syntax.uses(path))

    @cached_property
    def filled(self) -> frozenset[str]:
        """The variables that have a value other than the empty text in some file."""
        return frozenset(
            item.name.text
            for path in self.syntax.files
            for item in self.assigned(path)
            if any(value.text for value in item.values)
        )

    def needed(self, file: LintedFile) -> frozenset[str]:
        """The variables that a file's text speaks of, with its includes, or that those refer to."""
        if file.path not in self._needed:
            texts = self.syntax.closure(file.path)
            spoken = {name for path in texts for name in self.syntax.uses(path)}
            self._needed[file.path] = self.behind(file, spoken)
        return self._needed[file.path]

    def behind(self, file: LintedFile, names: Iterable[str]) -> frozenset[str]:
        """Some variables, and those that their values in a file and its includes refer to."""
        values: dict[str, set[str]] = {}
        for path in self.syntax.closure(file.path):
            for name, used in self._references(path):
                values.setdefault(name, set()).update(used)
        found = set(names)
        todo = list(found)
        while todo:
            more = values.get(todo.pop(), set()) - found
            found |= more
            todo += more
        return frozenset(found)

    def _references(self, path: str) -> tuple[tuple[str, frozenset[str]], ...]:
        """The variables that a file's assignments refer to in their values."""
        if path not in self._referring:
            pairs = ((i.name.text, frozenset(value_references(i))) for i in self.assigned(path))
            self._referring[path] = tuple((name, used) for name, used in pairs if used)
        return self._referring[path]

    @cached_property
    def shared_names(self) -> frozenset[str]:
        """The variables that the base's `tunables/` declare."""
        found: set[str] = set()
        for path in self.syntax.files:
            if "tunables" in path.split("/")[:-1]:
                found.update(item.name.text for item in self.assigned(path))
        return frozenset(found)

    def declaring(self, name: str) -> Iterator[ast.Assign]:
        """The assignments of a variable, in order of path."""
        for path in sorted(self.syntax.files):
            for item in self.assigned(path):
                if item.name.text == name:
                    yield item
