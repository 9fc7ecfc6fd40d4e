"""A value that an API server refuses.

What it does: finds words that are none of those that a field takes, and names of a wrong form.

Why is this bad: with an API server the document cannot be applied; without one, as on a plain
machine, KubeArmor takes it and does what nobody expects.

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
  severity: 11  # found
  file:
    matchPaths:
      - path: etc/shadow  # found
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
  severity: 10
  file:
    matchPaths:
      - path: /etc/shadow
  action: Block
```

How sure: exact: the forms are those of the custom resource definitions.

How to fix: write a value that the message names.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.kubearmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each refused value."""
    yield from (one for one in tree.reading.diagnostics if one.code == CHECK.code)


CHECK = Check("LSM811", "refused-value", "warning", run)
