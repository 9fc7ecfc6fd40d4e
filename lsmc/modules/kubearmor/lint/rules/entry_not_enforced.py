"""An entry that an enforcer passes over.

What it does: finds entries to allow or block that have no effect under one of the enforcers, or
under none: patterns under BPF, an allowed pattern or `execname` under AppArmor, names of hosts
under AppArmor, system calls under both.

Why is this bad: the policy looks enforced and is not.

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
    matchPatterns:
      - pattern: /usr/bin/*sh  # found
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
  process:
    matchPaths:
      - path: /usr/bin/bash
      - path: /usr/bin/dash
  action: Block
```

How sure: exact.

How to fix: name paths or directories; to see accesses only, write `action: Audit`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.kubearmor.lint.causes import not_enforced
from lsmc.modules.kubearmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each entry that an enforcer passes over."""
    for rule, reasons in not_enforced(tree):
        where = " and ".join(reasons)
        words = "; ".join(dict.fromkeys(reasons.values()))
        yield CHECK.finding(
            tree.span(rule),
            f"`{rule.entry.match}: {rule.entry.value}` is not enforced under {where}: {words}",
            profile=rule.policy.title,
        )


CHECK = Check("LSM821", "entry-not-enforced", "warning", run)
