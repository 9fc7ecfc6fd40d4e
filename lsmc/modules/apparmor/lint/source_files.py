"""What the checks of style share: the given files as text and tree, without what they include."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from lsmc.base.source import Source, Span
from lsmc.lint.model import Check, SettingError
from lsmc.modules.apparmor.lint.tree import LintedFile, Tree
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.walk import walk


class StyledFile(NamedTuple):
    """A given file: its text and its tree; `sound` when it has no syntax errors."""

    file: LintedFile
    source: Source
    tree: ast.File
    sound: bool


def given(tree: Tree) -> Iterator[StyledFile]:
    """Each file that was given to lint, once."""
    seen: set[str] = set()
    for file in tree.files:
        if file.path not in seen:
            seen.add(file.path)
            parsed = tree.library.file(file.path)
            sound = not any(one.severity == "error" for one in parsed.diagnostics)
            yield StyledFile(file, tree.library.sources[file.path], parsed.tree, sound)


def rules(tree: ast.File) -> Iterator[ast.Rule]:
    """Every rule that a file writes."""
    return (item for item in walk(tree.items) if isinstance(item, ast.Rule))


def lines(source: Source) -> Iterator[Span]:
    """Each line without its end."""
    start = 0
    for text in source.text.split("\n"):
        yield Span(source, start, start + len(text.rstrip("\r")))
        start += len(text) + 1


def own_line(span: Span) -> bool:
    """Whether nothing but blanks stands before a place on its line."""
    text = span.source.text
    return not text[text.rfind("\n", 0, span.start) + 1 : span.start].strip(" \t")


def texts(tree: Tree, check: Check[Tree], name: str) -> list[str]:
    """A setting that is a list of texts; raises `SettingError`."""
    found = tree.setting(check, name)
    if not isinstance(found, list | tuple) or not all(isinstance(one, str) for one in found):
        raise SettingError(f"`checks.{check.name}.{name}` is not a list of texts")
    return list(found)


def number(tree: Tree, check: Check[Tree], name: str) -> int:
    """A setting that is a positive number; raises `SettingError`."""
    found = tree.setting(check, name)
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise SettingError(f"`checks.{check.name}.{name}` is not a positive number")
    return found


def expression(tree: Tree, check: Check[Tree], name: str) -> re.Pattern[str]:
    """A setting that is a regular expression; raises `SettingError`."""
    found = tree.setting(check, name)
    try:
        return re.compile(found)
    except (TypeError, re.error):
        raise SettingError(f"`checks.{check.name}.{name}` is not a regular expression") from None
