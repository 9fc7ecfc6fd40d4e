"""An abstraction that needs a variable which no tunable declares.

What it does: finds files that profiles include and that use a variable which neither `tunables/`
nor every profile by itself (`@{profile_name}` and its like) provides.

Why is this bad: whoever includes the file must know to declare the variable first; without it the
whole policy file is refused with "variable not declared", in a text that its author never saw.

Bad:

```apparmor
@{cache} = /var/cache/bad

profile bad /bin/bad {
  include <abstractions/caching>
}

# file: abstractions/caching
@{cache}/** rw,  # found
```

Good:

```apparmor
include <tunables/caching>

profile good /bin/good {
  include <abstractions/caching>
}

# file: abstractions/caching
@{cache}/@{profile_name}/** rw,

# file: tunables/caching
@{cache} = /var/cache
```

How sure: exact about the files that were read.  It is `info`: a variable may be meant as the
parameter of an abstraction.  A variable that the file tests with `defined`
is left out.

How to fix: declare the variable in a file of `tunables/`, or say in the abstraction's head what it
needs and ignore the finding there.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.base.source import Span
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.source_index import is_under
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.lint.variables import DeclaredVariables
from lsmc.modules.apparmor.lower.units import BUILTIN
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.walk import atoms, walk


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each variable that an included file needs from whoever includes it."""
    variables = tree.shared(DeclaredVariables)
    syntax = variables.syntax
    for path in sorted(syntax.in_bodies):
        if is_under(path, "local"):
            continue  # belongs to one profile
        tests = _tested(syntax.files[path].tree.items)
        for name, span in sorted(syntax.uses(path).items()):
            if name in BUILTIN or name in variables.shared_names or name in tests:
                continue
            if not span.text.lstrip("\\").startswith("@"):
                continue
            yield CHECK.finding(
                span,
                f"no tunable declares `@{{{name}}}`, which this file needs",
                help="declare it below `tunables/`; else whoever includes this must",
                related=_declarers(variables.declaring(name)),
            )


def _declarers(items: Iterator[ast.Assign]) -> list[Label]:
    spans: list[Span] = [item.span for item in items]
    return [Label(span, "a file that declares it for itself") for span in spans[:1]]


def _tested(items: tuple[ast.Item, ...]) -> set[str]:
    """The variables that conditions of a text ask for with `defined`."""
    conditions = (item.condition for item in walk(items) if isinstance(item, ast.If))
    return {
        atom.variable.name
        for condition in conditions
        for atom in atoms(condition)
        if isinstance(atom, ast.Defined)
    }


CHECK = Check("LSM214", "variable-from-nowhere", "info", run, confidence="medium")
