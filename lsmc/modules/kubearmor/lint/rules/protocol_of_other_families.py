"""A blocked protocol that blocks other sockets, too.

What it does: finds blocked protocols for which BPF also refuses sockets of other families: it looks
at the type and the protocol of a socket, never at its family.

Why is this bad: programs that only talk to a local service, or to the kernel, break under BPF:
Block tcp refuses UNIX stream sockets, Block udp datagrams of UNIX and netlink, Block raw netlink
and packet sockets.

Bad:

```yaml
apiVersion: security.kubearmor.com/v1
kind: KubeArmorPolicy
metadata:
  name: web
  namespace: shop
spec:
  selector:
    matchLabels:
      app: web
  network:
    matchProtocols:
      - protocol: tcp  # found
  action: Block
```

Good:

```yaml
apiVersion: security.kubearmor.com/v1
kind: KubeArmorPolicy
metadata:
  name: web
  namespace: shop
spec:
  selector:
    matchLabels:
      app: web
  network:
    matchProtocols:
      - protocol: icmp
  action: Block
```

How sure: exact: the witness is a socket of the other family.

How to fix: block it from the programs that need it not (`fromSource`), or leave it to network
policy.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.kubearmor.lint.causes import once, other_sockets
from lsmc.modules.kubearmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each blocked protocol that is more than it says."""
    for cause in once(other_sockets(tree)):
        yield CHECK.finding(
            tree.span(cause.rule),
            f"under bpf this blocks {cause.words} as well",
            profile=cause.rule.policy.title,
            witness=cause.witness,
        )


CHECK = Check("LSM829", "protocol-of-other-families", "warning", run)
