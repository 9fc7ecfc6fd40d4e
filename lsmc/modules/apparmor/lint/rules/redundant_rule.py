"""A rule that one other rule covers.

What it does: finds rules whose removal changes no decision, no audit flag and no exec transition,
because one other rule of the profile does the same wherever this one decides.

Why is this bad: the rule is noise: it can go, and who changes it later will see nothing happen.

Bad:

```apparmor
profile bad /bin/bad {
  /etc/** r,
  /etc/hosts r,  # found
  deny /srv/** w,
  deny /srv/www/* w,  # found
}
```

Good:

```apparmor
profile good /bin/good {
  /etc/** r,
  /etc/hosts rw,
  audit /etc/passwd r,
  owner /srv/** r,
  /srv/www/** r,
}
```

A rule of an included file is judged among the rules of that file and of what it includes.  A
profile's own rule is judged among all rules of the profile: what an abstraction grants need not
be said again.  A rule that is covered only since the compiler drops words of it is not found: that
is what `silently-changed` and `downgraded-rule` report.

How sure: exact.  Without the rule every decision, audit flag and exec transition stays as it
is, for the owner of an object and for others; `lsmc diff` shows the same.

How to fix: remove the rule, as `--fix` does, or the wider one if it says more than it should.
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
    """Each rule that one other covers."""
    for one in judged(tree, Redundancy.ONE):
        message = f"{quoted(one.written.span)} changes nothing: another rule covers it"
        advice = "remove it, or narrow the wider rule"
        yield report(tree, CHECK, one, message, advice, one.cover, "covers it")


CHECK = Check("LSM102", "redundant-rule", "warning", run, effect=True, basis=judgements)
