"""A rule that several other rules cover together.

What it does: finds rules whose removal changes no decision, no audit flag and no exec transition,
because several other rules together do the same.  A smallest set of them is named.

Why is this bad: the rule is noise, and harder to see than one that a single rule covers.

Bad:

```apparmor
profile bad /bin/bad {
  /etc/{hosts,passwd} r,  # found
  /etc/ho* r,
  /etc/pa* r,
}
```

Good:

```apparmor
profile good /bin/good {
  /etc/{hosts,passwd,group} r,
  /etc/ho* r,
  /etc/pa* r,
}
```


How sure: exact.  Without the rule every decision, audit flag and exec transition stays as it
is, for the owner of an object and for others; `lsmc diff` shows the same.

How to fix: remove the rule, as `--fix` does, or narrow the ones that cover it if they say more than
they should.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis.redundancy.redundant import Redundancy, judgements
from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.messages import quoted
from lsmc.modules.apparmor.lint.redundant_rules import judged, report
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule that others cover together."""
    for one in judged(tree, Redundancy.SEVERAL):
        count = len(one.cover)
        message = (
            f"{quoted(one.written.span)} changes nothing: {count} other rules cover it together"
        )
        advice = "remove it, or narrow the rules that cover it"
        yield report(tree, CHECK, one, message, advice, one.cover, "covers a part of it")


CHECK = Check("LSM103", "covered-rule", "warning", run, effect=True, basis=judgements)
