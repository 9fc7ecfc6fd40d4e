"""A conditional rule that gives what is allowed anyway.

What it does: finds `allow` rules within `booleanif` whose permissions unconditional rules give for
all the same pairs of types.

Why is this bad: the boolean seems to decide something that it does not.  Whoever turns it off to
forbid the access is mistaken.

Bad:

```cil
(boolean web_reads_logs false)
(type web_t)
(type log_t)
(booleanif web_reads_logs
  (true (allow web_t log_t (file (read)))))  ; found
(allow web_t log_t (file (read open)))
```

Good:

```cil
(boolean web_reads_logs false)
(type web_t)
(type log_t)
(booleanif web_reads_logs
  (true (allow web_t log_t (file (read)))))
(allow web_t log_t (file (getattr)))
```

How sure: exact.

How to fix: remove the conditional rule, or the unconditional one if the boolean is to decide.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.selinux.lint.covered import by_file, covering, labels_of
from lsmc.modules.selinux.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each conditional rule that unconditional ones cover, once a file."""
    allows = tree.allows
    for (cls, condition, pair), rules in allows.alike.items():
        if not condition:
            continue
        granted = allows.covered(cls, 0, pair, itself=True)
        idle = [rule for rule in rules if not rule.permissions & ~granted]
        for place, rule, count in by_file(tree, "allow", idle):
            yield CHECK.finding(
                tree.span(place),
                "this is allowed whatever the boolean" + count,
                help="remove it, or the rule that always holds",
                related=labels_of(tree, rule, covering(tree, rule)),
            )


CHECK = Check("LSM632", "granted-condition", "warning", run, effect=True)
