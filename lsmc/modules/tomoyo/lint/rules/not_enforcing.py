"""A domain whose profile does not refuse what no line grants.

What it does: finds domains that have lines, and a profile in which no category is enforced.

Why is this bad: in the modes disabled, learning and permissive the lines restrict nothing.

Bad:

```tomoyo
<kernel> /bin/a  # found
use_profile 2
file read /etc/hosts
```

Good:

```tomoyo
<kernel> /bin/a
use_profile 3
file read /etc/hosts
```

How sure: exact.  Off by default, since policies are made in these modes.

How to fix: use a profile in enforcing mode once the log shows no more violations.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.tomoyo.lint.tree import Tree
from lsmc.modules.tomoyo.names import namespace_of
from lsmc.modules.tomoyo.vocabulary import FUNCTIONS


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each domain with lines that is not enforced."""
    for domain in tree.policy.domains.values():
        if domain.written is None or not domain.acls:
            continue
        profile = tree.engine.profile(namespace_of(domain.name), domain.profile)
        modes = (
            set()
            if profile is None
            else {profile.mode(one, word).mode for one in FUNCTIONS for word in FUNCTIONS[one]}
        )
        if "enforcing" not in modes:
            shown = " and ".join(sorted(modes)) or "not defined"
            yield CHECK.finding(
                domain.written.span,
                f"profile {domain.profile} is {shown}: nothing is refused here",
                profile=domain.name,
            )


CHECK = Check("LSM683", "not-enforcing", "info", run, default=False)
