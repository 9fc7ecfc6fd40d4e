"""An allowed program that AppArmor cannot start.

What it does: finds programs that a source may execute and for which KubeArmor's profile names
another profile that it does not write: one that is a source itself, or one with `ownerOnly`.

Why is this bad: the execution fails under AppArmor, although the entry allows it.

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
  process:
    matchPaths:
      - path: /usr/bin/tar  # found
        ownerOnly: true
        fromSource:
          - path: /usr/bin/backup
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
  process:
    matchPaths:
      - path: /usr/bin/tar
        fromSource:
          - path: /usr/bin/backup
  action: Allow
```

How sure: exact: the kernel finds no profile of the name.

How to fix: leave out `ownerOnly`, and do not make an allowed program a source.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.kubearmor.lint.causes import once, without_profile
from lsmc.modules.kubearmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each program that cannot be started."""
    for cause in once(without_profile(tree)):
        yield CHECK.finding(
            tree.span(cause.rule),
            f"under apparmor `{cause.words}` cannot start it: there is no profile for it",
            profile=cause.rule.policy.title,
            witness=cause.witness,
        )


CHECK = Check("LSM832", "program-without-profile", "warning", run)
