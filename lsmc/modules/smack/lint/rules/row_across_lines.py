"""A row that does not stand on a line of its own.

What it does: finds rows whose words stand on several lines, or which share a line with another row.

Why is this bad: lines mean nothing to the kernel.  A word too many, or one that is missing, shifts
all words after it, so that every row from there on is another one than its line says.

Bad:

```smack
App System r User  # found
System r
```

Good:

```smack
App System r
User System r
```

How sure: exact that the rows are read so.

How to fix: write one row a line; `lsmc fmt` shows the rows as the kernel reads them.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.smack.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """The first row of each run of rows that do not have their lines for themselves."""
    held: tuple[str, int] = ("", 0)  # the file and the last line of the row before
    inside = False
    for rule in tree.policy.rules:
        place = rule.row.span.location()
        alone = place.line == place.end_line and held != (place.file, place.line)
        if not alone and not (inside and held[0] == place.file):
            yield CHECK.finding(
                rule.row.span,
                f"the row `{rule.row.text}` does not stand on a line of its own",
                help="look for a word too many or too few before it",
                profile=rule.subject,
            )
        inside = not alone
        held = place.file, place.end_line


CHECK = Check("LSM724", "row-across-lines", "warning", run)
