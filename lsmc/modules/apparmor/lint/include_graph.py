"""Which files a file includes, directly and through others, whether or not a condition holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lsmc.modules.apparmor.resolve.library import Library
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.walk import walk


class IncludeGraph:
    """The includes among the files of a library; each file is looked at once."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._direct: dict[str, tuple[str, ...]] = {}

    def direct(self, path: str) -> tuple[str, ...]:
        """The files that a file names in its include lines, in order."""
        if path not in self._direct:
            found: list[str] = []
            for include in includes(self.library.file(path).tree.items):
                found += self.library.find(include.path, include.magic) or ()
            self._direct[path] = tuple(dict.fromkeys(found))
        return self._direct[path]

    def closure(self, paths: Iterable[str]) -> list[str]:
        """Some files and all that they include, in order of name; only what has been read."""
        todo = [path for path in paths if path in self.library.sources]
        seen = set(todo)
        while todo:
            for name in self.direct(todo.pop()):
                if name not in seen and name in self.library.sources:
                    seen.add(name)
                    todo.append(name)
        return sorted(seen)


def includes(items: Iterable[ast.Item]) -> Iterator[ast.Include]:
    """The include lines among some items, wherever they are nested."""
    return (item for item in walk(items) if isinstance(item, ast.Include))
