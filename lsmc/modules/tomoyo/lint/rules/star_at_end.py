"""A pattern that ends in components of stars, and so matches names that are shorter.

What it does: finds patterns such as `/srv/\\*/\\*`, which match `/srv/a` as well.

Why is this bad: when a name ends, the kernel ignores a rest of the pattern that is `\\*` or `\\@`
alone.  The pattern for files of the folders in /srv grants those of /srv too.

Bad:

```tomoyo
<kernel> /bin/a
use_profile 3
file read /srv/\\*/\\*  # found
```

Good:

```tomoyo
<kernel> /bin/a
use_profile 3
file read /srv/\\{\\*\\}/\\*
file read /srv/\\*/\\?\\*
```

How sure: exact.  It is a fault where the shorter names are not meant.

How to fix: end the pattern in `\\?\\*`, or write the folders as `\\{\\*\\}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.tomoyo.lint.tree import Grant, Tree
from lsmc.modules.tomoyo.near import example_of
from lsmc.modules.tomoyo.patterns import glob
from lsmc.modules.tomoyo.vocabulary import PATH, Argument


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each pattern that has shorter names, with one of them."""
    for grant in tree.grants:
        for (_, form), operand in zip(grant.acl.kind.arguments, grant.acl.arguments, strict=True):
            if form is not Argument.NAME or not isinstance(operand, str):
                continue
            shorter = _shorter(operand)
            if shorter is not None:
                yield CHECK.finding(
                    grant.written.span,
                    f"`{operand}` matches `{shorter}` as well",
                    help="end the pattern in `\\?\\*` to leave it out",
                    profile=grant.owner,
                    witness=_witness(grant, shorter),
                )


def _shorter(pattern: str) -> str | None:
    """A name with fewer components that a pattern matches."""
    head, slash, last = pattern.rpartition("/")
    if not slash or last.replace("\\*", "").replace("\\@", "") or not last:
        return None
    found = glob(head)
    if not found.patterned:
        return None
    name = example_of(found)
    return name if name is not None and glob(pattern).matches(name) else None


def _witness(grant: Grant, name: str) -> dict[str, str] | None:
    if grant.acl.kind is not PATH or grant.acl.condition.tests or grant.owner.startswith("acl"):
        return None
    return {"subject": grant.owner, "op": f"file {grant.acl.permissions[0]}", "object": name}


CHECK = Check("LSM686", "star-at-end", "info", run, confidence="medium")
