"""The rules of which the compiler makes something else than they say."""

from __future__ import annotations

from lsmc.base.source import Span
from lsmc.modules.apparmor.lint.quirks.glob import classes
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.lint.written_rules import texts


def altered_rules(tree: Tree) -> frozenset[Span]:
    """These rules, under any features that a profile has; ask `tree.shared` for them."""
    found = {change.rule for text in tree.shared(texts) for change in text.altered}
    for text in tree.shared(texts):
        found.update(rule.span for rule in text.rules if any(True for _ in classes(rule)))
    return frozenset(found)
