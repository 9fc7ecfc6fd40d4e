"""What the tests of the AppArmor front end share: a text parsed, a tree of lint read, in a call."""

from __future__ import annotations

from pathlib import Path

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source, Span
from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.lint.tree import Tree, compile_tree
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.parser import parse


def read(text: str) -> tuple[ast.File, tuple[str, ...]]:
    """The file of a text, and its problems as `line:column code-name`."""
    file, problems = parse(Source("t", text))
    return file, tuple(f"{p.line}:{p.column} {p.name}" for p in problems)


def items(text: str) -> tuple[ast.Item, ...]:
    """The items of a text without errors."""
    file, problems = parse(Source("t", text))
    assert [str(p) for p in problems] == []
    return file.items


def rule(text: str) -> ast.Rule:
    """The one rule of a text without errors."""
    (item,) = items(text + "\n")
    assert isinstance(item, ast.Rule)
    return item


def body(text: str) -> ast.RuleBody:
    """The body of the one rule of a text without errors."""
    return rule(text).body


def word(text: str, quoted: bool = False) -> ast.Word:
    """A word at some place."""
    return ast.Word(text, Span(Source("t", ""), 0, 0), quoted)


def words(*texts: str) -> tuple[ast.Word, ...]:
    """Bare words."""
    return tuple(word(text) for text in texts)


def read_tree(path: Path, options: Options) -> tuple[Tree, list[Diagnostic]]:
    """The tree that lint makes of a file, and the errors met."""
    return compile_tree(front_end(options), [path])
