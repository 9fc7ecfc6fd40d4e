"""A rule that hands its environment to a program under another profile.

What it does: finds exec rules with lower-case modes (`px`, `cx`, `ux` and those with a fallback)
whose program goes on under another profile or none.

Why is this bad: the environment stays as it is, `LD_PRELOAD` and `LD_LIBRARY_PATH` with it, so
whoever controls this program puts code into the other one, with the rights of the other profile.

Bad:

```apparmor
profile front /usr/bin/front {
  /usr/bin/back px,  # found
}
profile back /usr/bin/back {
  /usr/bin/back mr,
}
```

Good:

```apparmor
profile front /usr/bin/front {
  /usr/bin/back Px,
}
profile back /usr/bin/back {
  /usr/bin/back mr,
}
```

How sure: exact: the environment is kept.  Whether that does harm depends on the two programs;
some need variables that the upper-case modes remove.  It is `info` for that reason: collections
that write lower case as a rule have it in a third of their profiles.

How to fix: write the mode with an upper-case letter and see that the program still works.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.engine.verdict import UNCONFINED
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.messages import rule_finding
from lsmc.modules.apparmor.lint.references import graph_of
from lsmc.modules.apparmor.lint.transitions import edge_witness, executions
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule with such a program, once a profile."""
    seen: set[tuple[str, int]] = set()
    for view, held, edge in executions(tree):
        key = (view.name, held.facts.id)
        if not edge.mode.startswith(("p", "c", "u")) or key in seen:
            continue
        seen.add(key)
        under = "no profile" if edge.target == UNCONFINED else f"`{edge.target}`"
        scrubbing = edge.mode[0].upper() + edge.mode[1:]
        yield rule_finding(
            CHECK,
            view,
            held,
            f"runs `{edge.object}` under {under} with its environment as it is",
            help=f"write `{scrubbing}` if the program works with it",
            witness=edge_witness(edge),
        )


CHECK = Check("LSM303", "unscrubbed-exec", "info", run, basis=graph_of, confidence="medium")
