"""An assignment that replaces an earlier one, or that has no effect.

What it does: finds `:=` for a variable that was already declared, `?=` for one that the same file
declared before, and `+=` that adds no new value.

Why is this bad: the values of one of the two lines never matter, so whoever edits that line changes
nothing.

Bad:

```apparmor
@{dirs} = /a
@{dirs} := /b  # found
@{more} = /c
@{more} ?= /d  # found
@{more} += /c  # found

profile bad /bin/bad {
  @{dirs}/x r,
  @{more}/x r,
}
```

Good:

```apparmor
include <tunables/own>
@{dirs} ?= /a
@{dirs} += /b

profile good /bin/good {
  @{dirs}/x r,
}

# file: tunables/own
@{dirs} = /c
```

How sure: exact: both lines are shown.  It is `info` since replacing a value that was included is
what `:=` is for.

How to fix: keep one of the lines, or add to the values with `+=`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.resolve.preamble import Assigned


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each assignment that makes another one, or itself, pointless."""
    for file in tree.files:
        for assigned in file.compiled.preamble.assigned:
            yield from _pointless(assigned)


def _pointless(assigned: Assigned) -> Iterator[Diagnostic]:
    item, before = assigned.item, assigned.before
    if before is None:
        return
    name = item.name.text
    if item.op == ":=":
        message = f"`:=` replaces all values of `{name}`"
        label = "which were given here"
    elif assigned.changed:
        return
    elif item.op == "?=" and before.source is item.span.source:
        message = f"`?=` has no effect: `{name}` is declared already"
        label = "declared here"
    elif item.op == "+=":
        message = f"`+=` adds no new value to `{name}`"
        label = "declared here"
    else:
        return
    yield CHECK.finding(
        item.span,
        message,
        help="keep one of the lines",
        related=[Label(before, label)],
    )


CHECK = Check("LSM212", "redefined-variable", "info", run)
