"""Raw AppArmor text that is not loaded.

What it does: finds `apparmor` texts of host policies, which KubeArmor loses, and tells of others
that they have no effect under BPF.

Why is this bad: what the text says is not enforced.

Bad:

```yaml
apiVersion: security.kubearmor.com/v1  # found
kind: KubeArmorHostPolicy
metadata:
  name: node
spec:
  nodeSelector:
    matchLabels:
      kubernetes.io/hostname: node-1
  apparmor: |
    deny /etc/shadow r,
```

Good:

```yaml
apiVersion: security.kubearmor.com/v1
kind: KubeArmorHostPolicy
metadata:
  name: node
spec:
  nodeSelector:
    matchLabels:
      kubernetes.io/hostname: node-1
  file:
    matchPaths:
      - path: /etc/shadow
  action: Block
```

How sure: exact.

How to fix: say it with entries.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.kubearmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each text that is lost under an enforcer."""
    for policy in tree.policies:
        if policy.apparmor.strip():
            where = "both enforcers" if policy.host else "bpf"
            yield CHECK.finding(
                tree.policy_span(policy),
                f"the text under `apparmor` is lost under {where}",
                profile=policy.title,
            )


CHECK = Check("LSM831", "native-text-lost", "warning", run)
