"""A domain of which the kernel noted that something went wrong.

What it does: finds `quota_exceeded` and `transition_failed` in files that were saved from a
kernel.

Why is this bad: with `quota_exceeded` the domain has as many permissions as `max_learning_entry`
allows, and learns no more: what it needs besides will be refused once it is enforced.
`transition_failed` says that a program stayed in a domain that was not meant for it.

Bad:

```tomoyo
<kernel> /bin/a  # found
use_profile 1
quota_exceeded
file read /etc/hosts
```

Good:

```tomoyo
<kernel> /bin/a
use_profile 1
file read /etc/hosts
```

How sure: exact: the kernel wrote it.

How to fix: use patterns and groups in the domain, raise `max_learning_entry`, and remove the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.tomoyo.lint.tree import Tree

_SAYS = {
    "quota_exceeded": "learning stopped, since the domain has too many permissions",
    "transition_failed": "a program could not be put into its domain and stayed in this one",
}


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each domain with such a line."""
    for domain in tree.policy.domains.values():
        for flag in domain.flags:
            if domain.written is not None:
                yield CHECK.finding(
                    domain.written.span, f"`{flag}`: {_SAYS[flag]}", profile=domain.name
                )


CHECK = Check("LSM685", "kernel-noted-fault", "warning", run)
