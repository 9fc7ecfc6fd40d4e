"""Character classes that match something else than they say.

This is about the text alone: lowering reads globs with their variables expanded and alternations
parted, and no longer knows where a class was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsmc.base.source import to_display
from lsmc.modules.apparmor.lower.context import Altered
from lsmc.modules.apparmor.syntax import ast

#: An escape, or a class; one that is not closed goes to the end, so that no place is seen twice.
_CLASS = re.compile(r"\\.|\[((?:\\.|[^\]\\])*+)(\]?)", re.DOTALL)
_ITEM = re.compile(r"\\.|[^\\]", re.DOTALL)


def globs(body: ast.RuleBody) -> Iterator[ast.Word]:
    """The words of a rule that are globs."""
    words: tuple[ast.Word | None, ...] = ()
    conditions: tuple[ast.Condition, ...] = ()
    match body:
        case ast.FileRule():
            links = body.perms is not None and "x" not in body.perms.text.lower()
            words = (body.path, body.target if links else None)
        case ast.LinkRule():
            words = (body.path, body.target)
        case ast.MountRule():
            words = (body.source, body.mountpoint)
            conditions = tuple(c for c in body.conditions if "fstype" in c.name.text)
        case ast.PivotRootRule():
            words, conditions = (body.newroot,), body.conditions
        case ast.ChangeProfileRule():
            words = (body.exec, body.target)
        case ast.ClassRule():
            words = body.words
            conditions = (*body.conditions, *(body.peer or ()))
    yield from (word for word in words if word is not None)
    for condition in conditions:
        yield from condition.values


def classes(rule: ast.Rule) -> Iterator[Altered]:
    """What becomes of the classes in the globs of a rule."""
    for word in globs(rule.body):
        for match in _CLASS.finditer(word.text):
            if match.group(2):
                for becomes, instead in _class(match.group(1)):
                    yield Altered(rule.span, word.span, becomes, instead)


def _class(text: str) -> Iterator[tuple[str, str]]:
    shown = to_display(f"[{text}]")
    first, *rest = _ITEM.findall(text) or [""]
    items = rest if first in ("^", "\\^") else [first, *rest]
    if first == "\\^":
        yield (
            f"reads `{shown}` as all bytes but these: a backslash does not make `^` literal there",
            "write `^` behind another byte of the class, or `\\^` without a class",
        )
    if {"*", "?"} & set(items):
        yield (
            f"matches something else: `{shown}` is expanded before the class is read",
            "write `\\*` and `\\?` inside of `[ ]`",
        )
    if "\\," in items:
        yield (
            f"reads `{shown}` as a class with a backslash in it too",
            "write `,` without a backslash inside of `[ ]`",
        )
    if "\\-" in items[1:-1]:
        yield (
            f"reads `{shown}` as a range: a backslash does not make `-` literal",
            "write `-` as the first of the class",
        )
