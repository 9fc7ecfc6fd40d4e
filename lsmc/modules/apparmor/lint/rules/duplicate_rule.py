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


How sure: exact.  Without the rule every decision, audit flag and exec transition stays as it
is, for the owner of an object and for others; `lsmc diff` shows the same.

How to fix: `--fix` removes the rule; no decision changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lsmc.analysis.redundancy.redundant import Fate, judgements
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.messages import (
    help_text,
    labels,
    quoted,
    where,
    without,
    witness_of,
)
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule that says what an earlier one says."""
    for judgement in judgements(tree):
        if judgement.fate is Fate.DUPLICATE:
            span = judgement.written.span
            related = labels(judgement.scope, judgement.cover, "says the same")
            spans = [span, *(label.span for label in related)]
            yield CHECK.finding(
                span,
                f"{quoted(span)} is written twice",
                help=help_text("remove one of them", where(judgement.profiles, span)),
                profile=judgement.scope.profile.name,
                witness=_confirmed(tree, witness_of(judgement), spans),
                related=related,
                fix=without(span, "remove the second rule"),
            )


def _confirmed(
    tree: Tree, witness: Mapping[str, Any] | None, spans: Sequence[Span]
) -> Mapping[str, Any] | None:
    """The witness, unless a stronger rule decides there: then neither rule can be seen in it."""
    if witness is None:
        return None
    places = {(place.file, place.line) for place in (span.location() for span in spans)}
    verdict = tree.answer(witness)
    decided = {(ref.file, ref.line) for ref in verdict.rules} if verdict is not None else set()
    return witness if places & decided else None


CHECK = Check("LSM104", "duplicate-rule", "warning", run, basis=judgements)
