"""A definition in a place where it does something else than it seems to.

What it does: finds profiles in files below `abstractions/`, `abi` lines in the body of a profile,
and booleans that ask whether a variable is defined before the line that
defines it.

Why is this bad: every profile that includes the abstraction gets a child of its own; the `abi` line
speaks for the whole file and not for the profile around it; the test for the variable is false.

Bad:

```apparmor
profile bad /bin/bad {
  abi <abi/4.0>,  # found
  include <abstractions/child>
}

# file: abstractions/child
profile helper /bin/helper {  # found
  /x r,
}
```

```apparmor
$has_dirs = defined @{dirs}  # found
@{dirs} = /a

profile bad /bin/bad {
  if $has_dirs {
    @{dirs}/x r,
  }
}
```

Good:

```apparmor
abi <abi/4.0>,
@{dirs} = /a
$has_dirs = defined @{dirs}

profile good /bin/good {
  include <abstractions/own>
  profile helper /bin/helper {
    /x r,
  }
}

# file: abstractions/own
/y r,
```

The `abi` line at the head of an abstraction is a custom, and does nothing where the profile has
one.  An alias or a variable inside of a profile, or after one, is refused by the compiler and has a
code of its own.

How sure: exact.  It is `info`: some abstractions bring a helper's profile along on purpose.

How to fix: move the definition to the top of the file, or into the profile that needs it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.source_index import Syntax, is_under
from lsmc.modules.apparmor.lint.tree import LintedFile, Tree
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.walk import atoms, walk


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each definition out of its place."""
    syntax = tree.shared(Syntax)
    for path in sorted(syntax.files):
        site = syntax.in_bodies.get(path)
        for item in syntax.files[path].tree.items:
            if isinstance(item, ast.Profile):
                if site is not None and is_under(path, "abstractions"):
                    yield CHECK.finding(
                        item.head,
                        f"`{item.name.text}` becomes a child of every profile that includes this",
                        help="move it into the profile that needs it",
                        related=[Label(site.include.span, "included here")],
                    )
                yield from (_abi(one) for one in walk(item.body) if isinstance(one, ast.Abi))
    for file in tree.files:
        yield from _too_early(file)


def _abi(item: ast.Abi) -> Diagnostic:
    return CHECK.finding(
        item.span,
        "an `abi` line in a profile holds for the whole file",
        help="move it to the top of the file",
    )


def _too_early(file: LintedFile) -> Iterator[Diagnostic]:
    assigned = file.compiled.preamble.assigned
    for number, one in enumerate(assigned):
        if not isinstance(one.item, ast.AssignBool):
            continue
        asked = set(_asked(one.item.value))
        before = {other.item.name.text for other in assigned[:number]}
        for other in assigned[number + 1 :]:
            name = other.item.name.text
            if name in asked - before:
                yield CHECK.finding(
                    one.item.span,
                    f"`@{{{name}}}` is not defined yet when this asks for it",
                    help="ask behind the definition",
                    related=[Label(other.item.span, "defined here")],
                )
                before.add(name)


def _asked(expr: ast.Expr) -> Iterator[str]:
    for atom in atoms(expr):
        if isinstance(atom, ast.Defined) and isinstance(atom.variable, ast.SetVar):
            yield atom.variable.name


CHECK = Check("LSM222", "misplaced-definition", "info", run)
