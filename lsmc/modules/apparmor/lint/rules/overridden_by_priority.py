"""A rule that a rule of higher priority overrides, wholly or in part.

What it does: finds rules that lose an object that they match to a rule with a higher `priority=`
that says otherwise about it, and shows such an object.

Why is this bad: it need not be.  But a priority works on all rules of the profile, those of
included files too, and a deny that is overridden no longer denies.

Bad:

```apparmor
profile bad /bin/bad {
  deny /srv/** w,  # found
  priority=10 /srv/cache/** w,
}
profile exception /bin/exception {
  /srv/** r,
  deny /srv/keys/** r,  # found
  priority=1 /srv/keys/public r,
}
```

Good:

```apparmor
profile good /bin/good {
  deny /srv/** w,
  priority=10 /var/cache/** w,
}
```

How sure: exact.  Objects that no kernel asks about, such as paths with `//`, do not count.

How to fix: nothing, if it is meant so; else lower the priority or narrow the rule that has it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis.redundancy.overridden import partial_overrides
from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.messages import labels, quoted, shown_access, witness
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule that loses something to a higher priority."""
    for cut in tree.shared(partial_overrides):
        lost = [loss for loss in cut.losses if loss.why == "priority"]
        if not lost:
            continue
        first = lost[0]
        scope, span = cut.written.scope, cut.written.span
        spans = dict.fromkeys(tree.origin(loss.winner) for loss in lost)
        how = "wholly" if cut.dead else "in part"
        yield CHECK.finding(
            span,
            f"{quoted(span)} is overridden {how} by a higher priority, "
            f"as for {shown_access(first.cls, first.key, first.bits)}",
            help="lower the priority, or narrow the rule that has it, if this is not meant",
            profile=scope.profile.name,
            witness=witness(scope, first.cls, first.key, first.owner, first.bits),
            related=labels(scope, list(spans), "has the higher priority"),
        )


CHECK = Check("LSM110", "overridden-by-priority", "info", run, effect=True, basis=partial_overrides)
