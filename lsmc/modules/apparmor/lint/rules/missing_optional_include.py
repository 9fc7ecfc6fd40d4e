"""An `include if exists` of something that does not exist.

What it does: finds `include if exists` lines for which there is no file, apart from those that are
there for the administrator: names below `local/`, and names or folders that end in `.d`.

Why is this bad: nothing tells a misspelt name from a file that is not there on purpose.

Bad:

```apparmor
profile bad /bin/bad {
  include if exists <abstractions/nameservice-strickt>  # found
}
```

Good:

```apparmor
include <tunables/global>

profile good /bin/good {
  include if exists <abstractions/base>
  include if exists <abstractions/base.d>
  include if exists <local/good>
}
```

How sure: exact for the base and include directories that were given.  It is `info`: the line says
itself that the file may be missing.  `[checks.missing-optional-include] hooks = ["local/*", ...]`
changes which names are left out (globs, `*` matches `/` too).

How to fix: correct the name, or remove the line.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.base.source import to_display
from lsmc.lint.model import Check
from lsmc.modules.apparmor.errors import did_you_mean
from lsmc.modules.apparmor.lint.source_index import Syntax
from lsmc.modules.apparmor.lint.tree import Tree

_HOOKS = ("local/*", "*/local/*", "*.d", "*.d/*")


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each optional include that finds nothing."""
    syntax = tree.shared(Syntax)
    library = tree.library
    hooks = [str(one) for one in tree.setting(CHECK, "hooks")]
    for path in sorted(syntax.files):
        for site in syntax.sites(path):
            include = site.include
            if not include.if_exists or library.find(include.path, include.magic) is not None:
                continue
            name = to_display(include.path.text)
            if any(fnmatchcase(name, hook) for hook in hooks):
                continue
            folder, _, _ = name.rpartition("/")
            close = did_you_mean(name, library.names(folder)) if include.magic else ""
            inside = syntax.in_bodies.get(path)
            related = [Label(inside.include.span, "included here")] if inside is not None else []
            yield CHECK.finding(
                include.path.span,
                f"there is no `{name}`",
                help=close or "correct the name, or remove the line",
                related=related,
            )


CHECK = Check(
    "LSM217",
    "missing-optional-include",
    "info",
    run,
    table={"hooks": list(_HOOKS)},
    confidence="medium",
)
