"""Policy that needs more entries than a BPF map has.

What it does: counts the entries of a workload's map: one for a path, and for a directory one for
itself, one for what is in it and one for each directory above; each for every source.

Why is this bad: what does not fit is dropped, and chance says what: a line in KubeArmor's log is
all that tells.

Bad:

```yaml
# file: lsmc.toml
[checks.too-many-keys]
limit = 4
# file: web.yaml
apiVersion: security.kubearmor.com/v1  # found
kind: KubeArmorPolicy
metadata:
  name: web
spec:
  file:
    matchDirectories:
      - dir: /srv/a/b/c/
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
      - dir: /srv/a/b/c/
  action: Block
```

How sure: exact; the setting `limit` is the size of the map.

How to fix: name directories further up with `recursive: true`, and sources only where they are
needed.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.kubearmor.bpf.maps import MAX_KEYS
from lsmc.modules.kubearmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each workload whose map does not fit."""
    limit = int(tree.settings.get(CHECK.name, {}).get("limit", MAX_KEYS))
    for subject, confinement in tree.workloads:
        size = confinement.bpf.map.size
        if size > limit:
            policy = max(confinement.policies, key=lambda one: len(one.entries))
            yield CHECK.finding(
                tree.policy_span(policy),
                f"the BPF map of {subject} needs {size} entries, {limit} are there",
                profile=policy.title,
            )


CHECK = Check("LSM824", "too-many-keys", "warning", run, table={"limit": MAX_KEYS})
