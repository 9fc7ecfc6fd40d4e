"""A readOnly that the enforcers keep differently.

What it does: finds allowed names with `readOnly` at which one enforcer lets a change through that
the other refuses.

Why is this bad: under BPF only writing is refused: removing, cutting and changing the mode look for
Block alone. Under AppArmor with an `audit` posture nothing is refused, since all files are allowed
at large.

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
      - path: /etc/app.conf  # found
        readOnly: true
  action: Allow
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
      - path: /etc/app.conf
        readOnly: true
  action: Block
```

How sure: exact: the witness is a change that one of them lets through.

How to fix: block writing with `readOnly: true` and `action: Block`, which both keep.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.kubearmor.lint.causes import once, read_only
from lsmc.modules.kubearmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each readOnly that is kept differently."""
    for cause in once(read_only(tree)):
        yield CHECK.finding(
            tree.span(cause.rule),
            f"`readOnly` is kept differently: {cause.words}",
            profile=cause.rule.policy.title,
            witness=cause.witness,
        )


CHECK = Check("LSM830", "read-only-differs", "warning", run)
