"""A name that BPF does not look at in full.

What it does: finds directories of more than 64 bytes, and paths of more than 199.

Why is this bad: BPF seeks directories in the first 64 bytes of a path, so the entry matches nothing
there; a longer path is cut.

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
    matchDirectories:
      - dir: /srv/applications/of-the-department/storage/customers/documents/scans/  # found
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
    matchDirectories:
      - dir: /srv/applications/of-the-department/
        recursive: true
  action: Block
```

How sure: exact.

How to fix: name a directory further up, or mount it under a shorter name.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.kubearmor.lint.causes import long_names, once
from lsmc.modules.kubearmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each name that is too long."""
    for cause in once(long_names(tree)):
        yield CHECK.finding(
            tree.span(cause.rule),
            f"BPF does not look at all of `{cause.rule.entry.value}`: {cause.words}",
            profile=cause.rule.policy.title,
            witness=cause.witness,
        )


CHECK = Check("LSM825", "long-name", "warning", run)
