"""A line of a profile in which the kernel finds nothing.

What it does: finds values of `CONFIG` without a known mode, and of `PREFERENCE` without a known
name.

Why is this bad: the kernel looks for words that it knows anywhere in the value, and leaves the
rest: `mode=enforce` changes nothing, and the profile stays disabled.

Bad:

```tomoyo
# file: profile.conf
0-CONFIG={ mode=disabled }
3-CONFIG={ mode=enforce }  # found
3-PREFERENCE={ max_learning=10 }  # found
# file: domain_policy.conf
<kernel> /bin/a
use_profile 3
```

Good:

```tomoyo
# file: profile.conf
0-CONFIG={ mode=disabled }
3-CONFIG={ mode=enforcing }
3-PREFERENCE={ max_learning_entry=10 }
# file: domain_policy.conf
<kernel> /bin/a
use_profile 3
```

How sure: exact.

How to fix: write one of disabled, learning, permissive, enforcing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.errors import did_you_mean
from lsmc.lint.model import Check
from lsmc.modules.tomoyo.lint.tree import Tree
from lsmc.modules.tomoyo.syntax.profiles import ProfileLine
from lsmc.modules.tomoyo.vocabulary import MODES, PREFERENCES

_MODE = re.compile(r"mode=([^\s}]*)")


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each line of a profile that changes nothing."""
    for space in tree.policy.spaces.values():
        for lines in space.profiles.values():
            for line in lines:
                if line.key.startswith("CONFIG"):
                    yield from _mode(line)
                elif line.key == "PREFERENCE" and not any(
                    re.search(rf"{name}=[0-9]", line.value) for name in PREFERENCES
                ):
                    yield CHECK.finding(
                        line.written.span,
                        f"`{line.value}` sets nothing",
                        help=f"known are {' and '.join(PREFERENCES)}, with a number",
                    )


def _mode(line: ProfileLine) -> Iterator[Diagnostic]:
    if "use_default" in line.value or any(mode in line.value for mode in MODES):
        return
    word = _MODE.search(line.value)
    if word is None and ("grant_log" in line.value or "reject_log" in line.value):
        return
    shown = word[1] if word is not None else line.value
    message = f"`{shown}` is no mode: the line changes none"
    yield CHECK.finding(line.written.span, message, help=did_you_mean(shown, MODES))


CHECK = Check("LSM684", "value-ignored", "warning", run)
