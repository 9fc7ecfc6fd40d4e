"""An include of an abstraction that another has replaced.

What it does: finds includes of abstractions that are kept for old profiles only.  The list is
`lint/data/abstractions.toml`; configuration may add to it:

    [checks.deprecated-abstraction]
    abstractions = { "abstractions/old-site" = "abstractions/site" }

Why is this bad: they may go away, and they open more than their successors or nothing else.

Bad:

```apparmor
include <tunables/global>
profile tool /usr/bin/tool {
  include <abstractions/dbus-session>  # found
}
```

Good:

```apparmor
include <tunables/global>
profile tool /usr/bin/tool {
  include <abstractions/base>
}
```

How sure: the list is ours, from the comments of the abstractions themselves.

How to fix: include the successor, and grant what it leaves out by rules.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.data import facts
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.lint.written_rules import all_includes


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each such include."""
    old = {
        f"abstractions/{name}": f"abstractions/{new}" if new else ""
        for name, new in facts("abstractions")["deprecated"].items()
    }
    old |= tree.setting(CHECK, "abstractions")
    for include in all_includes(tree):
        name = include.path.text.strip("/")
        if name in old and include.magic:
            new = old[name]
            yield CHECK.finding(
                include.span,
                f"`{include.path.text}` is kept for old profiles only",
                help=f"include `{new}` and grant what it leaves out" if new else "drop it",
            )


CHECK = Check("LSM406", "deprecated-abstraction", "info", run, table={"abstractions": {}})
