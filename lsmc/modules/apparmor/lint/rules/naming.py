"""A profile or variable whose name is not of the agreed form.

What it does: finds profiles that have no name but their path, and names of profiles, children, hats
and variables that do not match a regular expression: `profile` and `variable` in `[checks.naming]`.
Names of profiles are letters, digits and `. _ + - @`, those of variables are wholly in small or
wholly in capital letters, unless the configuration says otherwise.

Why is this bad: a path as a name changes when the program moves, and with it every rule that names
the profile; tools and logs quote unusual names.

Bad:

```apparmor
@{BadName} = x  # found
/usr/bin/bad {  # found
}
profile "bad name" {  # found
}
```

Good:

```apparmor
@{NAME} = x
@{name} = y
profile good.name-2 /usr/bin/good {
  profile child {
  }
  ^HAT {
  }
}
```

How sure: exact.

How to fix: rename it, and what refers to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span, to_display
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.source_files import expression, given
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.walk import walk

PROFILE = r"[A-Za-z0-9][A-Za-z0-9._+@-]*"
VARIABLE = r"[a-z][a-z0-9_]*|[A-Z][A-Z0-9_]*"


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each name of another form."""
    profile = expression(tree, CHECK, "profile")
    variable = expression(tree, CHECK, "variable")
    for file in given(tree):
        for item in walk(file.tree.items):
            if isinstance(item, ast.Profile):
                yield from _profile(item, profile)
            elif isinstance(item, ast.Assign | ast.AssignBool):
                if item.op == "+=" or variable.fullmatch(to_display(item.name.text)):
                    continue
                yield _finding("variable", item.name.text, item.name.span, variable)


def _profile(item: ast.Profile, pattern: re.Pattern[str]) -> Iterator[Diagnostic]:
    name = item.name.text
    if item.attachment is None and name.startswith(("/", "@")):
        shown = to_display(name)
        yield CHECK.finding(
            item.name.span,
            f"the profile for `{shown}` has no name of its own",
            help=f"write `profile NAME {shown}`",
        )
        return
    local = name.rpartition(":")[2] if name.startswith(":") else name
    if not all(pattern.fullmatch(to_display(part)) for part in local.split("//")):
        yield _finding("profile", name, item.name.span, pattern)


def _finding(what: str, name: str, span: Span, pattern: re.Pattern[str]) -> Diagnostic:
    message = f"the name of {what} `{to_display(name)}` does not match `{pattern.pattern}`"
    return CHECK.finding(span, message)


CHECK = Check(
    "LSM509",
    "naming",
    "info",
    run,
    default=False,
    table={"profile": PROFILE, "variable": VARIABLE},
)
