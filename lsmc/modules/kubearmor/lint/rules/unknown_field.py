"""A field that KubeArmor does not have.

What it does: finds fields that no version of the custom resource has.

Why is this bad: an API server drops them, or refuses the document; whatever was meant does not
happen.

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
  file:
    matchPaths:
      - path: /etc/shadow
        readonly: true  # found
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
  file:
    matchPaths:
      - path: /etc/shadow
        readOnly: true
  action: Block
```

How sure: exact, for the fields of KubeArmor 1.7.

How to fix: correct the spelling, or remove the field.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.kubearmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each unknown field."""
    yield from (one for one in tree.reading.diagnostics if one.code == CHECK.code)


CHECK = Check("LSM810", "unknown-field", "warning", run)
