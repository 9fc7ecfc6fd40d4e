"""A resource limit that is set more than once.

What it does: finds `set rlimit` lines of a profile, its includes followed, that set a resource
which an earlier line has set already.

Why is this bad: only the last one counts, whatever the author of the first one meant.

Bad:

```apparmor
profile bad /bin/bad {
  set rlimit nofile <= 1024,
  set rlimit nofile <= 4096,  # found
}
```

Good:

```apparmor
profile good /bin/good {
  set rlimit nofile <= 1024,
  set rlimit core <= 0,
}
```

How sure: exact.

How to fix: remove all but one.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.base.source import Span
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.messages import quoted
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.lint.written_rules import written_profiles
from lsmc.modules.apparmor.syntax import ast


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each further limit of a resource."""
    seen: set[Span] = set()
    for profile in written_profiles(tree):
        first: dict[str, ast.Rlimit] = {}
        for rlimit, kept in profile.flat.body.rlimits:
            if not kept:
                continue
            name = "nofile" if rlimit.name.text == "ofile" else rlimit.name.text
            earlier = first.setdefault(name, rlimit)
            if earlier is not rlimit and rlimit.span not in seen:
                seen.add(rlimit.span)
                same = ast.meaning(earlier.value) == ast.meaning(rlimit.value)
                again = "to the same value" if same else "to another value"
                yield CHECK.finding(
                    rlimit.span,
                    f"{quoted(rlimit.span)} sets `{name}` a second time, {again}",
                    help="the last one counts: remove the others",
                    profile=profile.name,
                    related=[Label(earlier.span, "it was set here")],
                )


CHECK = Check("LSM117", "rlimit-twice", "warning", run, effect=True)
