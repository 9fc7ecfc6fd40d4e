"""A variable that stands for nothing.

What it does: finds variables whose only value is the empty text, and that rules use.

Why is this bad: `@{dir}/x` is then `/x`, and `/a/@{name}` the directory `/a/`: paths that nobody
meant.

Bad:

```apparmor
@{prefix} = ""  # found

profile bad /bin/bad {
  @{prefix}/etc/bad r,
}
```

Good:

```apparmor
@{prefix} = ""
@{prefix} += /usr
@{unused} = ""

profile good /bin/good {
  @{prefix}/etc/good r,
}
```

How sure: exact: the values are judged after every `+=`, and the variable is used in the file or in
what it includes.  It is `info` since some variables are left empty for an administrator to fill.  A
variable that has a value in another file of the tree is a parameter, and is left alone.

How to fix: give the variable its values, or remove it from the paths.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.lint.variables import DeclaredVariables
from lsmc.modules.apparmor.resolve.variables import ExpansionError
from lsmc.modules.apparmor.syntax import ast


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each variable that is empty where it is used."""
    variables = tree.shared(DeclaredVariables)
    filled = variables.filled
    for file in tree.files:
        preamble = file.compiled.preamble
        for assigned in preamble.assigned:
            item = assigned.item
            if not isinstance(item, ast.Assign) or item.name.text in filled:
                continue
            name = item.name.text
            if any(value.text for value in item.values):
                continue
            try:
                empty = preamble.variables.flatten(name) == ("",)
            except ExpansionError:
                continue
            if empty and name in variables.needed(file):
                uses = (variables.syntax.uses(p) for p in variables.syntax.closure(file.path))
                places = [found[name] for found in uses if name in found]
                places.sort(key=lambda span: (span.source.path, span.start))
                yield CHECK.finding(
                    item.span,
                    f"`@{{{name}}}` stands for nothing",
                    help="give it a value, or remove it from the paths",
                    related=[Label(span, "used here") for span in places[:1]],
                )


CHECK = Check("LSM213", "empty-variable", "info", run)
