"""A file that does not begin with a comment.

What it does: finds files that have no comment before their first rule or directive.  `pattern` in
`[checks.missing-header]` is a regular expression that must be found in these comments, such as
`SPDX-License-Identifier`.

Why is this bad: a reader cannot see what the profile is for, nor whose it is.

Bad:

```apparmor
profile bad /bin/bad {  # found
}
```

```apparmor
# file: lsmc.toml
[checks.missing-header]
pattern = "SPDX-License-Identifier: "
# file: bad
# A program.
profile bad /bin/bad {
}
```

Good:

```apparmor
# A program that is good.
profile good /bin/good {
}
```

How sure: exact.

How to fix: write what the profile is for in a comment at the start of the file.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span, to_display
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.source_files import expression, given
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.syntax import ast


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each file without a header."""
    pattern = expression(tree, CHECK, "pattern")
    for file in given(tree):
        if not file.tree.items:
            continue
        first = file.tree.items[0]
        start = first.span.start
        header = "\n".join(c.span.text for c in file.tree.comments if c.span.start < start)
        span = first.head if isinstance(first, ast.Profile) else first.span
        if not header:
            yield CHECK.finding(_line(span), "no comment says what this file is for")
        elif not pattern.search(to_display(header)):
            message = f"the comment at the start does not hold `{pattern.pattern}`"
            yield CHECK.finding(_line(span), message)


def _line(span: Span) -> Span:
    """The first line of a place."""
    end = span.source.text.find("\n", span.start)
    return Span(span.source, span.start, min(span.end, end if end >= 0 else span.end))


CHECK = Check("LSM505", "missing-header", "info", run, default=False, table={"pattern": ""})
