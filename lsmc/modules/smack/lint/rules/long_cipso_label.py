"""A label that does not fit into a CIPSO option.

What it does: finds labels of `cipso` and `netlabel` that have more than 23 bytes.

Why is this bad: a packet carries a label by itself, at the level that Smack uses for it, only up to
23 bytes; longer labels go by their secret number, which means nothing to another host.

Bad:

```smack
# file: accesses
App System r
# file: netlabel
10.0.0.0/8 System::Network::Trusted  # found
```

Good:

```smack
# file: accesses
App System r
# file: netlabel
10.0.0.0/8 System::Net
```

How sure: exact.

How to fix: use a shorter label for what the network carries.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.smack.files import kind_of
from lsmc.modules.smack.labels import LONGEST_CIPSO
from lsmc.modules.smack.lint.tree import Tree
from lsmc.modules.smack.values import Named, cipso, netlabel

_READ = {"cipso": cipso, "netlabel": netlabel}


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each label of the network that is too long for a packet."""
    for source in tree.texts:
        read = _READ.get(kind_of(source.path))
        for one in read(source) if read is not None else ():
            if isinstance(one, Named) and len(one.label) >= LONGEST_CIPSO:
                yield CHECK.finding(
                    one.word,
                    f"`{one.label}` has {len(one.label)} bytes: packets carry labels of up to"
                    f" {LONGEST_CIPSO - 1}",
                    help="use a shorter label for what the network carries",
                )


CHECK = Check("LSM726", "long-cipso-label", "warning", run)
