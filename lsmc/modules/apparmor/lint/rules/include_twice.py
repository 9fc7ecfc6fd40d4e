"""An include of a file that the same text has included before.

What it does: finds include lines in one profile body, or at the top of one file, all of whose files
an earlier line of the same text includes.

Why is this bad: the compiler skips the second one.  Where the lines stand in different blocks or
branches this is a trap: `if $x { include <a> } else { include <a> }` reads the file in the first
branch only, whether it is taken or not.

Bad:

```apparmor
profile bad /bin/bad {
  include <abstractions/one>
  include <abstractions/one>  # found
}

# file: abstractions/one
/one r,
```

```apparmor
$choice = false

profile bad /bin/bad {
  if $choice {
    include <abstractions/one>
  } else {
    include <abstractions/one>  # found
  }
}

# file: abstractions/one
/one r,
```

Good:

```apparmor
profile good /bin/good {
  include <abstractions/one>
  profile child {
    include <abstractions/one>
  }
}

# file: abstractions/one
/one r,
```

A file that several abstractions include is not a fault, it is what they are for.

How sure: exact.

How to fix: remove the second line.  The fix is safe where both lines stand in the same block.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Edit, Fix, Label
from lsmc.base.source import Span
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.source_index import Site, Syntax
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each include line that reads nothing new."""
    syntax = tree.shared(Syntax)
    for path in sorted(syntax.files):
        seen: dict[int, dict[str, Site]] = {}
        for site in syntax.sites(path):
            known = seen.setdefault(id(site.profile), {})
            if site.targets and all(target in known for target in site.targets):
                yield _report(site, known[site.targets[0]])
            for target in site.targets:
                known.setdefault(target, site)


def _report(site: Site, before: Site) -> Diagnostic:
    span = site.include.span
    same = site.around == before.around and _branch(site) == _branch(before)
    note = "" if same else ", whatever stands around it"
    return CHECK.finding(
        span,
        f"`{' '.join(span.text.split())}` is skipped: its file was included before{note}",
        help="remove it" if same else "include the file once, outside of the blocks",
        related=[Label(before.include.span, "included here")],
        fix=Fix("remove the second include", (Edit(_line(span), ""),)) if same else None,
    )


def _branch(site: Site) -> tuple[bool, ...]:
    """On which side of each `if` around it an include line stands."""
    return tuple(
        any(item.span.start <= site.include.span.start < item.span.end for item in one.body)
        for one in site.around
    )


def _line(span: Span) -> Span:
    """The whole line of a text when it stands there alone."""
    text = span.source.text
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    end = len(text) if end < 0 else end + 1
    alone = not text[start : span.start].strip() and not text[span.end : end].strip()
    return Span(span.source, start, end) if alone else span


CHECK = Check("LSM216", "include-twice", "warning", run)
