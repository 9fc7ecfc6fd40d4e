"""An action that KubeArmor does not know.

What it does: finds entries whose action is none of Allow, Audit and Block; only the action of the
whole policy may be written in small letters.

Why is this bad: the entry does nothing: it neither allows, nor blocks, nor logs.

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
      - path: /etc/shadow  # found
        action: block
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
  action: block
```

How sure: exact.

How to fix: write the action as the custom resource does.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.kubearmor.lint.tree import Tree
from lsmc.modules.kubearmor.policy import ACTIONS


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each entry with another action."""
    for rule in tree.rules:
        if rule.entry.action not in ACTIONS:
            yield CHECK.finding(
                tree.span(rule),
                f"`{rule.entry.action}` is no action: the entry does nothing",
                help=f"write {', '.join(ACTIONS)}",
                profile=rule.policy.title,
            )


CHECK = Check("LSM822", "unknown-action", "warning", run)
