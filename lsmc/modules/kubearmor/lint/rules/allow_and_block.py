"""An Allow and a Block for the same name.

What it does: finds entries of contrary actions that stand for one key of the BPF map; a directory
has the key of a path of the same name as well.

Why is this bad: the enforcers part: under BPF the later of the list holds, under AppArmor the
Block.

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
        action: Allow
      - path: /etc/shadow  # found
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
        action: Block
```

How sure: exact.

How to fix: decide for one of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.lint.model import Check
from lsmc.modules.kubearmor.lint.causes import once, replaced
from lsmc.modules.kubearmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each entry that takes the place of a contrary one."""
    for cause in once(replaced(tree)):
        yield CHECK.finding(
            tree.span(cause.rule),
            f"under bpf this {cause.rule.entry.action} replaces another for {cause.words}",
            profile=cause.rule.policy.title,
            witness=cause.witness,
            related=[Label(tree.span(cause.other), "this entry")] if cause.other else [],
        )


CHECK = Check("LSM826", "allow-and-block", "warning", run)
