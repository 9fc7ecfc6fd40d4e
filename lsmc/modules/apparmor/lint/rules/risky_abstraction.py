"""An include of an abstraction that opens much.

What it does: finds includes of abstractions that open a whole bus, all temporary files, most of the
user's home, private keys or password hashes.  The list is `lint/data/abstractions.toml`;
configuration may add to it, and take from it with an empty text:

    [checks.risky-abstraction]
    abstractions = { "abstractions/site-wide" = "all of /srv", "abstractions/user-tmp" = "" }

Why is this bad: one short line grants more than the rest of the profile.

Bad:

```apparmor
include <tunables/global>
profile tool /usr/bin/tool {
  include <abstractions/user-tmp>  # found
}
```

Good:

```apparmor
profile tool /usr/bin/tool {
  owner /tmp/tool-* rw,
}
```

How sure: the list says what the abstractions of AppArmor grant; a changed copy may grant less.

How to fix: grant what the program needs by rules of its own.
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
    risky = {
        f"abstractions/{name}": opens for name, opens in facts("abstractions")["risky"].items()
    }
    risky |= tree.setting(CHECK, "abstractions")
    for include in all_includes(tree):
        opens = risky.get(include.path.text.strip("/"))
        if opens and include.magic:
            yield CHECK.finding(
                include.span,
                f"`{include.path.text}` opens {opens}",
                help="grant what the program needs by rules of its own",
            )


CHECK = Check(
    "LSM314", "risky-abstraction", "info", run, table={"abstractions": {}}, confidence="medium"
)
