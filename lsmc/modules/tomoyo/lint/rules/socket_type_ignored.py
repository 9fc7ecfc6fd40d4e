"""A line for one type of socket that grants others as well.

What it does: finds lines for datagrams whose permission the kernel asks of streams too, and the
reverse, where no other line of the domain names that type with the same addresses.

Why is this bad: the type of the socket stands in the line and in the log, but the kernel does not
compare it.  `network inet dgram bind 0.0.0.0 53` lets TCP sockets be bound, and
`network unix dgram bind /run/a` stream sockets.

Bad:

```tomoyo
<kernel> /bin/a
use_profile 3
network inet dgram bind 0.0.0.0 53  # found
```

Good:

```tomoyo
<kernel> /bin/a
use_profile 3
network inet dgram send 10.0.0.1 53
network inet stream bind 10.0.0.1 53
network inet dgram bind 10.0.0.1 53
```

How sure: exact: a kernel 6.1 does so, and later ones have the same code.  Whether more than is
needed is granted depends on the program.

How to fix: nothing in policy can tell the types apart; keep the addresses and ports narrow.  The
line for the other type, written down, says that this is known."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.tomoyo.lint.tree import Grant, Tree, word_span
from lsmc.modules.tomoyo.vocabulary import ASKED


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each line of which another type of socket makes use."""
    written = {(one.owner, one.acl.arguments, one.acl.socket) for one in tree.grants}
    for grant in tree.grants:
        if grant.acl.kind.socket:
            others = _others(grant)
            silent = [
                one for one in others if (grant.owner, grant.acl.arguments, one) not in written
            ]
            if silent:
                yield _finding(grant, silent, others)


#: The type that each is taken for as well; raw sockets need a capability, seqpacket ones are rare.
_OTHER = {"dgram": "stream", "stream": "dgram"}


def _others(grant: Grant) -> dict[str, list[str]]:
    """The permissions that the kernel asks of the other type as well, by type."""
    family, other = grant.acl.kind.head.split()[1], _OTHER.get(grant.acl.socket, "")
    asked = set(ASKED.get((family, other), ())) & set(ASKED.get((family, grant.acl.socket), ()))
    shared = [one for one in grant.acl.permissions if one in asked]
    return {other: shared} if shared else {}


def _finding(grant: Grant, silent: list[str], others: dict[str, list[str]]) -> Diagnostic:
    word = grant.written.words[grant.skip + 2]
    first = silent[0]
    grants = "; ".join(f"`{'/'.join(others[one])}` of {one} sockets" for one in silent)
    return CHECK.finding(
        word_span(grant.written, word),
        f"the kernel does not compare `{word.text}`: the line grants {grants} as well",
        profile=grant.owner,
        help=f"a line for {first} with the same address says that this is meant",
    )


CHECK = Check("LSM671", "socket-type-ignored", "info", run, confidence="medium")
