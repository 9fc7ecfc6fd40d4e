"""What checks say about feature sets: their names, and which abi first has a feature."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from lsmc.base.source import Source, Span
from lsmc.modules.apparmor.lint.data import facts
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.resolve.features import DEFAULT, Features
from lsmc.modules.apparmor.resolve.refused import Refused
from lsmc.modules.apparmor.syntax import ast


def shown_abi(features: Features) -> str:
    """A feature set as people know it."""
    if features.name == DEFAULT.name:
        return "the default abi"
    name = posixpath.basename(features.name)
    return f"abi `{name}`"


def _abis(tree: Tree) -> list[tuple[str, Features]]:
    """The abi files that the includes of a tree offer, oldest first."""
    found = []
    for name in facts("features")["abis"]:
        text = f"abi/{name}"
        source = Source(text, text)
        span = Span(source, 0, len(text))
        word = ast.Word(text, span)
        if tree.library.find(word, magic=True) is None:
            continue
        try:
            features, faults = tree.library.features(ast.Abi(word, True, span))
        except Refused:
            continue
        if not faults:
            found.append((text, features))
    return found


def abi_with(tree: Tree, paths: Iterable[str]) -> str:
    """The oldest abi on the include path that has one of some features; empty if there is none."""
    wanted = tuple(paths)
    for name, features in tree.shared(_abis):
        if any(path in features for path in wanted):
            return name
    return ""
