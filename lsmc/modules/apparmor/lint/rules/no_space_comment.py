"""A comment whose text is glued to its `#`.

What it does: finds comments with no blank between `#` and the first word.  Rulers (`####`),
`#!` lines and what is made for programs (`#aa:only apt`, `#aa/dbus own`) are passed over.

Why is this bad: it is hard to read, and easily taken for `#include`, which is a directive and no
comment.

Bad:

```apparmor
profile bad /bin/bad {
  /etc/a r, #why
  #files
}
```

Good:

```apparmor
########
# files
########
profile good /bin/good {
  /etc/a r, # why
  #
}
```

How sure: exact.

How to fix: put a blank behind the `#`; `lsmc lint --fix` does, and changes no decision.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Edit, Fix
from lsmc.base.source import Span
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.source_files import given
from lsmc.modules.apparmor.lint.tree import Tree

_FINE = re.compile(r"#(?:[ \t\r#!]|\Z|[a-z][a-z0-9_-]*[:/]\S)")


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each such comment."""
    for file in given(tree):
        for comment in file.tree.comments:
            span = comment.span
            if not _FINE.match(span.text):
                place = Span(span.source, span.start + 1, span.start + 1)
                fix = Fix("put a blank behind the `#`", (Edit(place, " "),))
                yield CHECK.finding(span, "no blank between `#` and the comment", fix=fix)


CHECK = Check("LSM510", "no-space-comment", "info", run, default=False)
