"""A line that stands twice.

What it does: finds lines of a domain, or of a group of lines, that say the same as an earlier one.

Why is this bad: the kernel keeps one of them; who changes or removes the other changes nothing.

Bad:

```tomoyo
<kernel> /bin/a
use_profile 3
file read/write /etc/hosts
file write /etc/hosts  # found
```

Good:

```tomoyo
<kernel> /bin/a
use_profile 3
file read /etc/hosts
file write /etc/hosts
```

How sure: exact.

How to fix: remove it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.lint.model import Check
from lsmc.modules.tomoyo.lint.tree import Grant, Tree, without_line


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each line whose permissions an equal line before it has."""
    known: dict[object, list[Grant]] = {}
    for grant in sorted(tree.grants, key=lambda one: (one.owner, one.space)):
        earlier = known.setdefault((grant.owner, grant.space, grant.acl.key), [])
        had = {one for other in earlier for one in other.acl.permissions}
        if earlier and set(grant.acl.permissions) <= had:
            yield CHECK.finding(
                grant.written.span,
                f"`{grant.acl}` is said already",
                profile=grant.owner,
                related=[Label(earlier[0].written.span, "here")],
                fix=without_line(grant.written),
            )
        earlier.append(grant)


CHECK = Check("LSM678", "duplicate-line", "warning", run)
