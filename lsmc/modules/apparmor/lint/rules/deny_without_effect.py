"""A deny that takes nothing away and quiets nothing.

What it does: finds deny rules without which every decision and every log line stays as it is: an
`audit deny` of what nothing allows, or a deny that rules of higher priority override wherever it
matches.  (A plain deny of what nothing allows silences the log: see deny-only-quiets.)

Why is this bad: the rule looks like a safeguard and is none; often its path is misspelt.

Bad:

```apparmor
profile bad /bin/bad {
  /srv/** r,
  audit deny /serv/secret r,  # found
  deny /srv/x r,  # found
  priority=1 /srv/x r,
}
```

Good:

```apparmor
profile good /bin/good {
  /srv/** r,
  audit deny /srv/secret r,
}
```

A deny of an included file is found only when it is without effect in every profile that includes
it.  There it may wait for a profile that needs it, so the finding is an info.

How sure: exact, for the profiles that were given.

How to fix: correct the path, or remove the rule, as `--fix` does; no decision changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lsmc.analysis.redundancy.redundant import Redundancy, judgements
from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.messages import quoted
from lsmc.modules.apparmor.lint.redundant_rules import judged, report, stronger
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each deny that does nothing."""
    for one in judged(tree, Redundancy.WITHOUT_EFFECT):
        overriders = () if one.removal.won else stronger(one)
        message = f"{quoted(one.written.span)} takes nothing away and quiets nothing"
        advice = "its priority is too low" if overriders else "nothing allows what it denies"
        finding = report(tree, CHECK, one, message, advice, overriders, "overrides it")
        yield replace(finding, severity="info", fix=None) if one.scope.via else finding


CHECK = Check("LSM106", "deny-without-effect", "warning", run, effect=True, basis=judgements)
