"""A rule whose every grant is taken away by other rules.

What it does: finds allow rules that never decide anything, because at each object that they match a
`deny` or a rule of higher priority decides instead.  The rules that do it are named.

Why is this bad: the author believes that the access is granted.

Bad:

```apparmor
profile bad /bin/bad {
  /etc/secret r,  # found
  deny /etc/** r,
}
```

Good:

```apparmor
profile good /bin/good {
  /etc/secret r,
  deny /etc/ssl/** r,
}
```

A profile may deny what an abstraction allows: that is what the `deny` is for.  So a rule of an
included file is found only when the file itself, with what it includes, takes it away.

How sure: exact.  Every object that the rule matches is considered; the witness is one of them.

How to fix: narrow the rule that overrides it, or remove the rule, as `--fix` does; no decision
changes.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis.redundancy.redundant import Redundancy, judgements
from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.messages import quoted
from lsmc.modules.apparmor.lint.redundant_rules import judged, report, stronger
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each allow rule that decides nothing."""
    for one in judged(tree, Redundancy.DEAD):
        message = f"{quoted(one.written.span)} never grants anything"
        advice = "remove it, or narrow the rule that overrides it"
        yield report(tree, CHECK, one, message, advice, stronger(one), "overrides it")


CHECK = Check("LSM101", "unreachable-rule", "warning", run, effect=True, basis=judgements, cost=4)
