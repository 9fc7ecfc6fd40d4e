"""An allow rule into which a deny cuts.

What it does: finds allow rules of which a `deny` takes away a part, and shows an object on either
side: one that is denied, and one that is still allowed.

Why is this bad: it need not be; this is what a deny is for.  It is good to know when the rule
seems not to work.

Bad:

```apparmor
profile bad /bin/bad {
  owner /home/*/** rw,  # found
  deny /home/*/.ssh/** rw,
}
```

Good:

```apparmor
profile good /bin/good {
  owner /home/*/** rw,
  deny /etc/shadow r,
}
```

A rule of an included file is judged among the rules of that file and of what it includes.

How sure: exact.  Objects that no kernel asks about, such as paths with `//`, do not count.

How to fix: nothing, if it is meant so; else narrow the deny.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis.redundancy.overridden import PartialOverride, partial_overrides
from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.messages import labels, quoted, shown_access, witness
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each allow rule that is denied in part."""
    for cut in tree.shared(partial_overrides):
        denied = [loss for loss in cut.losses if loss.why == "deny"]
        if denied and cut.kept is not None:
            yield _report(tree, cut)


def _report(tree: Tree, cut: PartialOverride) -> Diagnostic:
    denied = [loss for loss in cut.losses if loss.why == "deny"]
    first = denied[0]
    scope, span = cut.written.scope, cut.written.span
    assert cut.kept is not None
    cls, key, owner, bits = cut.kept
    left = f"{shown_access(cls, key, bits)} is still allowed"
    if key == first.key and owner != first.owner:
        left += " to the owner" if owner else " to others than the owner"
    spans = dict.fromkeys(tree.origin(loss.winner) for loss in denied)
    return CHECK.finding(
        span,
        f"{quoted(span)} is denied in part: "
        f"{shown_access(first.cls, first.key, first.bits)} is refused",
        help=left,
        profile=scope.profile.name,
        witness=witness(scope, first.cls, first.key, first.owner, first.bits),
        related=labels(scope, list(spans), "takes it away"),
    )


CHECK = Check(
    "LSM105", "partly-denied-rule", "info", run, effect=True, basis=partial_overrides, cost=2
)
