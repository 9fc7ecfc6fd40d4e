"""A rule that is written twice.

What it does: finds rules that mean exactly what another rule means, however they are spelled: the
same objects, permissions, audit flag and exec transition.  The other rule may stand in an included
file.  Of two rules in one text the second is reported, and the first is named.

Why is this bad: who changes one of them will see no effect, or half of it.

Bad:

```apparmor
profile bad /bin/bad {
  include <abstractions/own>
  /srv/{a,b} r,
  /srv/[ab] r,  # found
  /etc/own.conf r,  # found
}
# file: abstractions/own
/etc/own.conf r,
```

Good:

```apparmor
profile good /bin/good {
  include <abstractions/own>
  /srv/{a,b} r,
  /srv/[ab] w,
}
# file: abstractions/own
/etc/own.conf r,
```

A rule that says the same only since the compiler drops words of it is not found: that is what
`silently-changed` and `downgraded-rule` report.

How sure: exact.  Without the rule every decision, audit flag and exec transition stays as it
is, for the owner of an object and for others; `lsmc diff` shows the same.

How to fix: `--fix` removes the rule; no decision changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lsmc.analysis.redundancy.redundant import Redundancy, judgements
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.messages import quoted
from lsmc.modules.apparmor.lint.redundant_rules import judged, report, same_text
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule that says what an earlier one says."""
    deciding: dict[str, frozenset[tuple[str, int]]] = {}  # lines by witness: many have the same
    for one in judged(tree, Redundancy.DUPLICATE):
        span = one.written.span
        (other,) = one.cover
        what = "is written twice" if same_text(span, other) else f"says the same as {quoted(other)}"
        message, advice = f"{quoted(span)} {what}", "remove one of them"
        finding = report(tree, CHECK, one, message, advice, one.cover, "says the same")
        spans = [span, *(label.span for label in finding.related)]
        if not _decides(tree, finding.witness, spans, deciding):
            finding = replace(finding, witness=None)
        yield finding


def _decides(
    tree: Tree,
    witness: Mapping[str, Any] | None,
    spans: Sequence[Span],
    deciding: dict[str, frozenset[tuple[str, int]]],
) -> bool:
    """Whether one of the rules decides at the witness: where a stronger one does, it shows none."""
    if witness is None:
        return False
    places = {(place.file, place.line) for place in (span.location() for span in spans)}
    key = repr(witness)
    if key not in deciding:
        verdict = tree.answer(witness)
        rules = verdict.rules if verdict is not None else ()
        deciding[key] = frozenset((ref.file, ref.line) for ref in rules)
    return bool(places & deciding[key])


CHECK = Check("LSM104", "duplicate-rule", "warning", run, effect=True, basis=judgements)
