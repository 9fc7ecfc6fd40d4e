"""Conditions that are never met.

What it does: finds lines whose conditions cannot all be true, whoever asks for whatever: an
attribute that the access does not have, a permission bit compared with something else, ranges that
exclude each other.

Why is this bad: the line grants nothing.  A comparison with an attribute that is not there is
false even for `!=`.

Bad:

```tomoyo
<kernel> /bin/a
use_profile 3
file read /etc/hosts path2.uid!=0  # found
file read /etc/hosts task.uid=setuid  # found
file read /etc/hosts task.uid=0 task.uid=1000-2000  # found
```

Good:

```tomoyo
<kernel> /bin/a
use_profile 3
file rename /tmp/a /tmp/b path2.uid!=0
file read /etc/hosts path1.perm=setuid
file read /etc/hosts task.uid=0 task.gid=1000-2000
```

How sure: exact.

How to fix: correct the conditions, or remove the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.tomoyo.compare.clauses import resolved
from lsmc.modules.tomoyo.compare.situations import Undecided, resolved_meets, situations
from lsmc.modules.tomoyo.lint.tree import Grant, Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each line with conditions that no situation meets."""
    for grant in tree.grants:
        if grant.acl.condition.tests and not _possible(tree, grant):
            tests = " ".join(map(str, grant.acl.condition.tests))
            yield CHECK.finding(
                grant.written.span,
                f"`{tests}` is never met: the line grants nothing",
                profile=grant.owner,
            )


def _possible(tree: Tree, grant: Grant) -> bool:
    kind = grant.acl.kind
    tests = [resolved(tree.engine, grant.space, test) for test in grant.acl.condition.tests]
    for permission in grant.acl.permissions:
        try:
            for attributes in situations(tests, kind, permission):
                if all(resolved_meets(one, attributes, kind, permission) for one in tests):
                    return True
        except Undecided:
            return True
    return False


CHECK = Check("LSM680", "impossible-condition", "warning", run)
