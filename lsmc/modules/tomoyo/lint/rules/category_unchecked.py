"""A profile that checks a part of what programs do, and nothing else.

What it does: finds profiles that enforce some accesses and say nothing of a whole category, which
is then disabled.

Why is this bad: `CONFIG::file` alone leaves the network unchecked: without a line for `CONFIG`,
what is not named is disabled, and neither refused nor logged.

Bad:

```tomoyo
# file: profile.conf
3-CONFIG::file={ mode=enforcing grant_log=no reject_log=yes }  # found
# file: domain_policy.conf
<kernel> /bin/a
use_profile 3
file read /etc/hosts
```

Good:

```tomoyo
# file: profile.conf
0-CONFIG={ mode=disabled grant_log=no reject_log=no }
3-CONFIG={ mode=enforcing grant_log=no reject_log=yes }
3-CONFIG::misc={ mode=disabled grant_log=no reject_log=no }
# file: domain_policy.conf
<kernel> /bin/a
use_profile 3
file read /etc/hosts
```

How sure: exact.  A category that a line disables is not reported.

How to fix: set the mode of `CONFIG`, or of the category, even to `disabled`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.tomoyo.lint.tree import Tree
from lsmc.modules.tomoyo.vocabulary import CATEGORIES


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each profile that enforces something and leaves categories to a default that is disabled."""
    for space in tree.policy.spaces.values():
        for number, lines in space.profiles.items():
            profile = space.profile(number)
            assert profile is not None
            enforcing = [
                line
                for line in lines
                if line.key in profile.modes and profile.modes[line.key].mode == "enforcing"
            ]
            if not enforcing or any(line.key == "CONFIG" for line in lines):
                continue
            named = {line.key.split("::")[1] for line in lines if line.key.startswith("CONFIG::")}
            silent = [one for one in CATEGORIES if one not in named]
            if silent:
                yield CHECK.finding(
                    enforcing[0].written.span,
                    f"profile {number} says nothing of {' and '.join(silent)}: disabled",
                    help=f"write `{number}-CONFIG={{ mode=enforcing }}`, or the mode of"
                    f" `CONFIG::{silent[0]}`",
                )


CHECK = Check("LSM676", "category-unchecked", "warning", run)
