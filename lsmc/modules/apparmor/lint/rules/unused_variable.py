"""A variable that nothing uses.

What it does: finds `@{VARIABLE}` declarations in the given files whose name appears nowhere: not in
the file itself, not in anything that it includes, and not in the value of a variable that is used.

Why is this bad: the reader believes that the values matter.  Often the name is misspelt on one
side.

Bad:

```apparmor
@{config_dir} = /etc/bad  # found
@{inner} = /x  # found
@{outer} = @{inner}/y  # found

profile bad /bin/bad {
  /etc/bad/* r,
}
```

Good:

```apparmor
@{config_dirs} = /etc/good
@{all_dirs} = @{config_dirs} /srv

profile good /bin/good {
  @{all_dirs}/* r,
  include <abstractions/own>
}

# file: abstractions/own
@{config_dirs}/own r,
```

Files below `tunables/` declare variables for whoever needs them; they are not judged.  Neither is a
variable that some abstraction of the tree takes as a parameter, though this file does not include
it: such names are declared by custom, and with them those that their values refer to.

How sure: exact.  Anything that looks like a use counts as one, also in a branch that is not taken.

How to fix: remove the declaration, or correct the name.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.source_index import is_under
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.lint.variables import DeclaredVariables
from lsmc.modules.apparmor.lower.units import BUILTIN


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each variable of a given file that no text needs."""
    variables = tree.shared(DeclaredVariables)
    kept = variables.parameters | BUILTIN
    declared: dict[Span, str] = {}
    used: set[Span] = set()
    for file in tree.files:
        if is_under(file.path, "tunables"):
            continue
        own = variables.assigned(file.path)
        if not own:
            continue
        needed = variables.needed(file)
        customary = {item.name.text for item in own} & kept - needed
        if customary:
            needed = variables.behind(file, needed | customary)
        for item in own:
            name = item.name.text
            if name in needed:
                used.add(item.span)
            elif item.op != "+=":
                declared[item.span] = name
    for span, name in declared.items():
        if span not in used:
            yield CHECK.finding(
                span,
                f"nothing uses `@{{{name}}}`",
                help="remove it, or correct the name",
            )


CHECK = Check("LSM211", "unused-variable", "warning", run)
