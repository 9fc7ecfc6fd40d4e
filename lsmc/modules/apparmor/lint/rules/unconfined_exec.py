"""A rule that starts a program without any profile.

What it does: finds exec rules after which no profile holds: `ux`, and `pux` or `cux` for a program
that no profile of the tree attaches to.

Why is this bad: whoever controls the program's arguments, files or environment leaves confinement.

Bad:

```apparmor
profile shell /usr/bin/shell {
  /usr/bin/tool Ux,  # found
  /usr/bin/other PUx,  # found
}
```

Good:

```apparmor
profile shell /usr/bin/shell {
  /usr/bin/tool ix,
  /usr/bin/other PUx,
}
profile other /usr/bin/other {
  /usr/bin/other mr,
}
```

How sure: exact for the program in the witness, among the profiles that were given.  A profile that
was not given may change the answer for `pux` and `cux`.

How to fix: write a profile for the program and use `px`, or `ix` if it may stay in this one.
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
    """Each rule with such a program."""
    for view, held, edge in executions(tree):
        if edge.target != UNCONFINED:
            continue
        why = ", which no profile attaches to" if edge.fallback else ""
        yield rule_finding(
            CHECK,
            view,
            held,
            f"runs `{edge.object}` unconfined{why}",
            help="write a profile for it and use `Px`, or `ix` if it may stay in this one",
            witness=edge_witness(edge),
        )


CHECK = Check("LSM302", "unconfined-exec", "warning", run, basis=graph_of)
