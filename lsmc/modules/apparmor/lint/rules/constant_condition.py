"""A condition that is always true or always false.

What it does: finds `if` conditions that do not depend on any variable: an expression of
constants, one that contradicts itself or cannot fail (`$X and not $X`), the test of an `else if`
that an earlier test of the chain decides, and `defined $X`, which apparmor_parser never finds
true.

Why is this bad: one of the branches is never taken.

Bad:

```apparmor
$SERVER = true
profile bad /bin/bad {
  if false {  # found
    /srv/a r,
  }
  if $SERVER and not $SERVER {  # found
    /srv/b r,
  }
  if $SERVER {
    /srv/c r,
  } else if $SERVER {  # found
    /srv/d r,
  }
}
```

Good:

```apparmor
$SERVER = true
profile good /bin/good {
  if $SERVER {
    /srv/a r,
  } else if defined @{HOME} {
    /srv/b r,
  }
}
```

A condition on a variable is not found, however the variable is set: it is there to be changed.

How sure: exact.  Comparisons and variables are taken as independent of each other, so a condition
that is constant for a subtler reason is missed, and none is found wrongly.

How to fix: remove the condition, or the branch that is never taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import to_display
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.resolve.conditions import evaluate
from lsmc.modules.apparmor.resolve.refused import Refused
from lsmc.modules.apparmor.resolve.variables import Variables
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.walk import atoms

_MANY = 8


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each constant condition in the files of the tree."""
    for path in tree.texts:
        yield from _items(tree.library.file(path).tree.items, ())


def _items(
    items: Iterable[ast.Item], known: tuple[tuple[ast.Expr, bool], ...]
) -> Iterator[Diagnostic]:
    for item in items:
        if isinstance(item, (ast.Profile, ast.Block)):
            yield from _items(item.body, known)
        elif isinstance(item, ast.If):
            yield from _if(item, known)


def _if(item: ast.If, known: tuple[tuple[ast.Expr, bool], ...]) -> Iterator[Diagnostic]:
    """An `if` among conditions that are known to hold or not."""
    value = constant(item.condition, known)
    if value is not None:
        text = to_display(" ".join(item.condition.span.text.split()))
        always = "always" if value else "never"
        because = "" if constant(item.condition, ()) is not None else " here"
        dead = "the branch is never taken" if not value else "its `else` is never taken"
        yield CHECK.finding(
            item.condition.span,
            f"`{text}` {always} holds{because}",
            help=dead,
        )
    yield from _items(item.body, (*known, (item.condition, True)))
    yield from _items(item.orelse, (*known, (item.condition, False)))


def constant(expr: ast.Expr, known: tuple[tuple[ast.Expr, bool], ...]) -> bool | None:
    """The value that an expression has whatever its atoms are, given what is known; or None."""
    every = [atom for e in (expr, *(e for e, _ in known)) for atom in atoms(e)]
    free = list(dict.fromkeys(ast.meaning(atom) for atom in every if _fixed(atom) is None))
    if len(free) > _MANY:
        return None
    values = set()
    for chosen in product((False, True), repeat=len(free)):
        world = dict(zip(free, chosen, strict=True))
        if all(_value(e, world) == holds for e, holds in known):
            values.add(_value(expr, world))
    return values.pop() if len(values) == 1 else None


def _value(expr: ast.Expr, world: dict[object, bool]) -> bool:
    """The value of an expression, where `world` has those of atoms by meaning."""
    if isinstance(expr, ast.Not):
        return not _value(expr.operand, world)
    if isinstance(expr, ast.BoolOp):
        left, right = _value(expr.left, world), _value(expr.right, world)
        return (left and right) if expr.op == "and" else (left or right)
    fixed = _fixed(expr)
    return world[ast.meaning(expr)] if fixed is None else fixed


def _fixed(expr: ast.Expr) -> bool | None:
    """The value of an atom without variables; None for one that depends on them, or is refused."""
    if isinstance(expr, ast.Compare):
        if expr.op in ("==", "in", "!=") and ast.meaning(expr.left) == ast.meaning(expr.right):
            return expr.op != "!="
        if isinstance(expr.left, ast.SetVar) or isinstance(expr.right, ast.SetVar):
            return None
    elif isinstance(expr, ast.BoolVar | ast.SetVar) or (
        isinstance(expr, ast.Defined) and isinstance(expr.variable, ast.SetVar)
    ):
        return None
    try:
        return evaluate(expr, Variables())
    except Refused:
        return None


CHECK = Check("LSM113", "constant-condition", "warning", run, effect=True)
