"""Stacking that piles up profiles.

What it does: follows the transitions that stack a profile (`px -> &name`, `change_profile ->
&name`, `a//&b` as a target) and finds subjects that come to carry more profiles than a limit.

Why is this bad: each profile of a stack must allow every access, so long stacks are hard to
understand and slow; the name of the stack also has to fit into a page wherever a process or a log
record shows it.

Bad:

```apparmor
profile bad /bin/bad {
  /bin/next px -> a//&b//&c//&d//&e,  # found
}

profile a {
  /x r,
}

profile b {
  /x r,
}

profile c {
  /x r,
}

profile d {
  /x r,
}

profile e {
  /x r,
}
```

Good:

```apparmor
profile good /bin/good {
  /bin/next px -> a//&b,
}

profile a {
  /x r,
}

profile b {
  /x r,
}
```

The limit is `[checks.long-transition-chain] depth = 4`.

How sure: exact about the stack that the rule makes by itself.  The kernel sets no limit, so the
number is a matter of taste and the finding `info`.

How to fix: stack fewer profiles, or write one that grants what all of them do.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.messages import rule_text
from lsmc.modules.apparmor.lint.references import graph_of
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule that makes a stack deeper than the limit."""
    depth = int(tree.setting(CHECK, "depth"))
    for edge in tree.shared(graph_of).all_edges():
        count = edge.target.count("//&") + 1
        if count > depth and edge.rule is not None:
            origin = tree.origin(edge.rule)
            yield CHECK.finding(
                origin,
                f"`{rule_text(origin)}` leads to a stack of {count} profiles",
                help=f"more than {depth} are hard to understand",
                profile=edge.source,
                witness={
                    "subject": edge.source,
                    "op": "exec" if edge.kind == "exec" else "change_profile",
                    "object": edge.object,
                    "owner": edge.owner,
                },
            )


CHECK = Check(
    "LSM224",
    "long-transition-chain",
    "info",
    run,
    table={"depth": 4},
    basis=graph_of,
    confidence="medium",
)
