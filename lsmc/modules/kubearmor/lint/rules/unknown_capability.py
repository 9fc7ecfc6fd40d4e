"""A capability that BPF takes for chown.

What it does: finds capabilities for which KubeArmor has no number: names that no kernel has,
`checkpoint_restore`, and names written with `CAP_` in capitals.

Why is this bad: BPF then allows or blocks `chown` in its place, and AppArmor may refuse the whole
profile.

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
  capabilities:
    matchCapabilities:
      - capability: checkpoint_restore  # found
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
  capabilities:
    matchCapabilities:
      - capability: net_raw
  action: Block
```

How sure: exact.

How to fix: write the name in small letters without `cap_`; of a newer capability there is no rule.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.kubearmor.lint.causes import once, unknown_capabilities
from lsmc.modules.kubearmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each capability without a number."""
    for cause in once(unknown_capabilities(tree)):
        yield CHECK.finding(
            tree.span(cause.rule),
            f"bpf knows no capability `{cause.words}`: it takes it for `chown`",
            profile=cause.rule.policy.title,
            witness=cause.witness,
        )


CHECK = Check("LSM828", "unknown-capability", "warning", run)
