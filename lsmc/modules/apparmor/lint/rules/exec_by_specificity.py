"""Two exec rules for one path, of which the one without wildcards wins.

What it does: finds rules without wildcards that decide how a path is executed although a rule with
wildcards says otherwise about it, and says which wins where.

Why is this bad: it need not be: an exception from a general rule is written so.  But who changes
the general rule will find that it does nothing here.

Bad:

```apparmor
profile bad /bin/bad {
  /usr/bin/* Px,
  /usr/bin/env ix,  # found
}
```

Good:

```apparmor
profile good /bin/good {
  /usr/bin/* ix,
  /usr/bin/env ix,
  /usr/sbin/cron Px,
}
```

How sure: exact.

How to fix: nothing, if it is meant so.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from lsmc.analysis.linked_policy import LinkedProfile
from lsmc.analysis.redundancy.overlaps import Loss
from lsmc.analysis.redundancy.overridden import partial_overrides
from lsmc.analysis.redundancy.scopes import Scope
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span
from lsmc.lint.model import Check
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.decide.exec_transition import transition_text
from lsmc.modules.apparmor.lint.messages import labels, quoted, shown_object, witness
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each exact exec rule that overrides a glob with another transition."""
    for profile, scope, winner, lost in _won(tree):
        first = lost[0]
        here, there = (tree.rules[n].transition for n in (first.winner, first.loser))
        assert here is not None
        assert there is not None
        losers: dict[Span, Loss] = {}
        for loss in lost:
            losers.setdefault(tree.origin(loss.loser), loss)
        yield CHECK.finding(
            winner,
            f"executing {shown_object(FILE, first.key)} means `{transition_text(here)}` "
            f"by {quoted(winner)}, not `{transition_text(there)}` by a rule with wildcards",
            help="the rule without wildcards wins",
            profile=profile.name,
            witness=witness(scope, FILE, first.key, first.owner, first.bits),
            related=labels(scope, list(losers), partial(_gives_way, losers, first.key)),
        )


def _gives_way(losers: dict[Span, Loss], said: bytes, loser: Span) -> str:
    """What a rule with wildcards does, with a path unless it is the one of which is said more."""
    key = losers[loser].key
    return "gives way" if key == said else f"gives way at {shown_object(FILE, key)}"


def _won(tree: Tree) -> Iterator[tuple[LinkedProfile, Scope, Span, list[Loss]]]:
    found: dict[tuple[int, Span], tuple[LinkedProfile, Scope, Span, list[Loss]]] = {}
    for cut in tree.shared(partial_overrides):
        scope = cut.written.scope
        for loss in cut.losses:
            one, other = tree.rules[loss.winner].transition, tree.rules[loss.loser].transition
            if loss.why == "exact" and one != other and one is not None and other is not None:
                winner = tree.origin(loss.winner)
                if winner != cut.written.span:
                    key = (id(scope), winner)
                    found.setdefault(key, (scope.profile, scope, winner, []))[3].append(loss)
    yield from found.values()


CHECK = Check("LSM109", "exec-by-specificity", "info", run, effect=True, basis=partial_overrides)
