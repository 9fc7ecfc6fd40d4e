"""A policy that no security module enforces.

What it does: finds documents of KubeArmorNetworkPolicy, which are left out.

Why is this bad: nothing that lsmc says is about them: nftables enforces them.

Bad:

```yaml
apiVersion: security.kubearmor.com/v1
kind: KubeArmorNetworkPolicy  # found
metadata:
  name: ports
spec: {}
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
  file:
    matchPaths:
      - path: /etc/shadow
  action: Block
```

How sure: exact.

How to fix: nothing; know that such rules are judged elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.kubearmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each document that is left out."""
    yield from (one for one in tree.reading.diagnostics if one.code == CHECK.code)


CHECK = Check("LSM812", "outside", "info", run)
