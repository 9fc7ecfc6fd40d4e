"""A file that includes itself.

What it does: finds include lines that lead back to the file in which they stand, directly or
through other files.

Why is this bad: the compiler skips the second round without a word, so some text is read in another
order than its author thinks, and in the profile of a child the round begins anew.

Bad:

```apparmor
profile bad /bin/bad {
  include <abstractions/one>
}

# file: abstractions/one
include <abstractions/two>
/one r,

# file: abstractions/two
include <abstractions/one>  # found
/two r,
```

Good:

```apparmor
profile good /bin/good {
  include <abstractions/one>
  include <abstractions/two>
}

# file: abstractions/one
include <abstractions/three>

# file: abstractions/two
include <abstractions/three>

# file: abstractions/three
/three r,
```

How sure: exact; conditions around the includes are not looked at.

How to fix: remove the line, or move what both files need into a third one.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.source_index import Site, Syntax
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each include line that closes a circle; of the lines of a circle, the last one met."""
    syntax = tree.shared(Syntax)
    done: set[str] = set()
    roots = [file.path for file in tree.files if file.path in syntax.files]
    for path in dict.fromkeys((*roots, *sorted(syntax.files))):
        yield from _walk(syntax, path, [], done)


def _walk(
    syntax: Syntax, path: str, chain: list[tuple[str, Site]], done: set[str]
) -> Iterator[Diagnostic]:
    if path in done:
        return
    open_files = [name for name, _ in chain] + [path]
    for site in syntax.sites(path):
        for target in site.targets:
            if target in open_files:
                start = open_files.index(target)
                yield _report(site, [one for _, one in chain[start:]])
            elif target in syntax.files:
                yield from _walk(syntax, target, [*chain, (path, site)], done)
    done.add(path)


def _report(site: Site, chain: list[Site]) -> Diagnostic:
    span = site.include.span
    what = "the file in which it stands" if not chain else "a file that includes this one"
    return CHECK.finding(
        span,
        f"`{' '.join(span.text.split())}` includes {what}",
        help="remove it, or move what both need into a third file",
        related=[Label(one.include.span, "by way of this") for one in chain],
    )


CHECK = Check("LSM215", "include-cycle", "warning", run)
