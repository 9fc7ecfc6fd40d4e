"""A deny whose only effect is to silence the log.

What it does: finds deny rules of what nothing allows.  The access would be refused without them
too; they only keep the refusal out of the log.

Why is this bad: it need not be; denies are often written to keep the log short.  But a refusal
that is not logged is hard to find, and it would tell of an attack.

Bad:

```apparmor
profile bad /bin/bad {
  /srv/** r,
  deny /etc/shadow r,  # found
}
```

Good:

```apparmor
profile good /bin/good {
  /srv/** r,
  deny /srv/secret r,
}
```

A deny of an included file is found only when it takes nothing away in any profile that includes it.
Profiles that do not enforce are not judged: there a deny is what refuses.

How sure: exact, for the profiles that were given.

How to fix: nothing, if the silence is meant; else remove the rule, or write `audit deny`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis.redundancy.overridden import quiet_denies
from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.messages import help_text, quoted, where, witness
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each deny that only quiets."""
    for quiet in quiet_denies(tree):
        span = quiet.written.span
        request = witness(quiet.written.scope, *quiet.example)
        verdict = tree.answer(request)
        if verdict is None or verdict.audited:
            continue  # a pair of links is quiet only where the link itself is granted
        yield CHECK.finding(
            span,
            f"{quoted(span)} takes nothing away, it only silences the log",
            help=help_text(
                "nothing allows what it denies; `audit deny` would keep the refusals in the log",
                where(quiet.profiles, span),
            ),
            profile=quiet.written.scope.profile.name,
            witness=request,
        )


CHECK = Check("LSM107", "deny-only-quiets", "info", run, effect=True)
