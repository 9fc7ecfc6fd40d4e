"""A permission of a socket that the kernel never asks of that type.

What it does: finds `listen` and `connect` of datagram and raw sockets, `send` of stream and
seqpacket sockets, and types that the kernel does not ask about at all.

Why is this bad: the line is taken, and cannot do what it says.  A connected datagram socket asks
`send`, and nothing more is asked when a stream sends.  Since the kernel does not compare the type,
the line grants the permission to sockets of other types instead.

Bad:

```tomoyo
<kernel> /bin/a
use_profile 3
network inet dgram connect 10.0.0.1 53  # found
network unix stream send /run/a  # found
network inet seqpacket bind 10.0.0.1 1  # found
```

Good:

```tomoyo
<kernel> /bin/a
use_profile 3
network inet dgram send 10.0.0.1 53
network unix stream connect /run/a
```

How sure: exact.

How to fix: for datagrams write `send`, for streams `connect`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.tomoyo.lint.tree import Tree, word_span
from lsmc.modules.tomoyo.vocabulary import ASKED


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each line of sockets with a permission that is never asked."""
    for grant in tree.grants:
        if not grant.acl.kind.socket:
            continue
        family, socket = grant.acl.kind.head.split()[1], grant.acl.socket
        asked = ASKED.get((family, socket), ())
        never = [one for one in grant.acl.permissions if one not in asked]
        if never:
            words = ", ".join(f"`{one}`" for one in never)
            others = [
                kind
                for (other, kind), some in ASKED.items()
                if other == family and set(some) & set(never)
            ]
            yield CHECK.finding(
                word_span(grant.written, grant.permissions_word),
                f"the kernel never asks {words} of {family} {socket} sockets; the line grants it"
                f" to {' and '.join(others)} sockets",
                help=f"it asks {', '.join(asked)}" if asked else "it asks nothing of this type",
                profile=grant.owner,
            )


CHECK = Check("LSM672", "never-asked", "warning", run)
