"""A directory that decides nothing, below a recursive one.

What it does: finds directories without `recursive` whose content BPF decides by a recursive
directory above them, of a contrary action.

Why is this bad: under BPF the exception does not hold: a recursive directory above others goes
before them. Under AppArmor it does.

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
      - dir: /srv/
        recursive: true
        action: Allow
      - dir: /srv/secrets/  # found
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
      - dir: /srv/
        recursive: true
        action: Allow
      - dir: /srv/secrets/
        recursive: true
        action: Block
```

How sure: exact: the witness lies in the directory.

How to fix: write `recursive: true` at the directory, too.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.lint.model import Check
from lsmc.modules.kubearmor.lint.causes import above_child, once
from lsmc.modules.kubearmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each directory whose content another one decides."""
    for cause in once(above_child(tree)):
        yield CHECK.finding(
            tree.span(cause.rule),
            f"under bpf `{cause.words}` decides what is in `{cause.rule.entry.value}`",
            profile=cause.rule.policy.title,
            witness=cause.witness,
            related=[Label(tree.span(cause.other), "this entry")] if cause.other else [],
        )


CHECK = Check("LSM827", "directory-below-recursive", "warning", run)
