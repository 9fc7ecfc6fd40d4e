"""A line that is too long to be read at once.

What it does: finds lines of more than 120 characters; `length` in `[checks.too-long]` is another
limit.  Comments that hold an address of the web are passed over.

Why is this bad: the end of a rule, where its permissions are, is out of sight.

Bad:

```apparmor
# file: lsmc.toml
[checks.too-long]
length = 40
# file: bad
profile bad /bin/bad {
  /usr/share/applications/{firefox,chromium}.desktop r,
}
```

Good:

```apparmor
profile good /bin/good {
  /usr/share/applications/{firefox,chromium}.desktop r,
}
```

How sure: exact; characters are counted, not bytes.

How to fix: break the line between words, or make two rules of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import to_display
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.source_files import given, lines, number
from lsmc.modules.apparmor.lint.tree import Tree

LENGTH = 120


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each long line."""
    limit = number(tree, CHECK, "length")
    for file in given(tree):
        for line in lines(file.source):
            if line.end - line.start <= limit:
                continue
            text = to_display(line.text)
            if len(text) > limit and not (text.lstrip().startswith("#") and "://" in text):
                yield CHECK.finding(
                    line, f"a line of {len(text)} characters, {limit} are the limit"
                )


CHECK = Check("LSM508", "too-long", "info", run, default=False, table={"length": LENGTH})
