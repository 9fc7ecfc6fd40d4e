"""Exec rules with another way to execute."""

from __future__ import annotations

from lsmc.base.source import from_display, to_display
from lsmc.modules.apparmor.suggest.denials import parsed
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.permission_words import modes_apart


def executed_by(rule: str, mode: str, target: str = "") -> str:
    """A file rule that executes in a mode, and under a target; empty for what is no exec rule."""
    tree = parsed(rule)
    body = tree.body if isinstance(tree, ast.Rule) else None
    if not isinstance(body, ast.FileRule) or body.perms is None or body.path is None:
        return ""
    assert tree is not None
    letters, modes = modes_apart(body.perms.text)
    if len(modes) != 1:
        return ""
    text, start = tree.span.text, tree.span.start
    perms = body.perms.span
    last = body.path.span if body.leading else perms
    arrow = f" -> {from_display(target)}" if target else ""
    text = text[: last.end - start] + arrow + ","
    return to_display(text[: perms.start - start] + letters + mode + text[perms.end - start :])
