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

How to fix: remove the rule, or narrow the rule that overrides it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis.redundancy.redundant import Fate, Judgement, judgements, smallest_cover
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.messages import help_text, labels, quoted, where, witness_of
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each allow rule that decides nothing."""
    for judgement in judgements(tree):
        if judgement.fate is Fate.DEAD:
            span = judgement.written.span
            yield CHECK.finding(
                span,
                f"{quoted(span)} never grants anything",
                help=help_text(
                    "remove it, or narrow the rule that overrides it",
                    where(judgement.profiles, span),
                ),
                profile=judgement.scope.profile.name,
                witness=witness_of(judgement),
                related=labels(judgement.scope, stronger(judgement), "overrides it"),
            )


def stronger(judgement: Judgement) -> tuple[Span, ...]:
    """A smallest set of the rules that decide in a rule's stead."""
    rules = judgement.scope.policy.rules
    needs = [
        frozenset(rules[number].origin for number in numbers)
        for numbers in judgement.removal.beaten
    ]
    return smallest_cover(needs, lambda span: (span.source.path, span.start))


CHECK = Check("LSM101", "unreachable-rule", "warning", run, basis=judgements, cost=4)
