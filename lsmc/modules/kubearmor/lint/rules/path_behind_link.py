"""A path through a directory that is a link on most systems.

What it does: finds paths and directories below /bin, /sbin, /lib, /lib64, /var/run and /var/lock
for which the policy has no entry at the place where these links lead.

Why is this bad: the kernel asks of the file itself, `/usr/bin/bash` for `/bin/bash`: the entry
matches nothing.

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
      - path: /bin/bash  # found
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
      - path: /bin/bash
      - path: /usr/bin/bash
  action: Block
```

How sure: as sure as the container is built so; one whose /bin is no link needs the entry as it is.

How to fix: write the real path, or both.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.kubearmor.links import real
from lsmc.modules.kubearmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each path through a link without its other half."""
    known = {(id(rule.policy), rule.entry.section, rule.entry.value) for rule in tree.rules}
    for rule in tree.rules:
        entry = rule.entry
        if entry.match not in ("path", "dir") or real(entry.value) == entry.value:
            continue
        if (id(rule.policy), entry.section, real(entry.value)) not in known:
            yield CHECK.finding(
                tree.span(rule),
                f"`{entry.value}` leads through a link on most systems, to `{real(entry.value)}`",
                profile=rule.policy.title,
            )


CHECK = Check("LSM833", "path-behind-link", "info", run, confidence="medium")
