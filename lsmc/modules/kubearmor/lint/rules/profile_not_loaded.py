"""Policy whose AppArmor profile does not load.

What it does: makes the AppArmor profile as KubeArmor does, compiles it as `apparmor_parser` 3.0
does, and finds the entries for which it is refused.

Why is this bad: AppArmor keeps the profile of before: nothing of all policies of the workload is
enforced, and only KubeArmor's log tells.

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
  network:
    matchProtocols:
      - protocol: sctp  # found
  action: Block
```

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
        fromSource:
          - path: /usr/bin/a-b
      - path: /etc/passwd  # found
        fromSource:
          - path: /usr/bin/ab
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
  network:
    matchProtocols:
      - protocol: tcp
  action: Block
```

How sure: exact: `apparmor_parser` refuses the profile with the same cause.

How to fix: take the entry out, or say it in another way: two sources need paths that differ in
letters or digits, paths need no blanks, `sctp`, `dccp` and an allowed `all` are no words of
AppArmor's.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.kubearmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """The first cause of each profile that is refused."""
    seen: set[object] = set()
    for subject, confinement in tree.workloads:
        enforcer = confinement.apparmor
        if not enforcer.refused:
            continue
        cause = enforcer.refused[0]
        inside = cause.line is not None and cause.file == enforcer.file
        entries = enforcer.entries_at(cause.line) if inside and cause.line else ()
        policy = confinement.policies[0]
        span = tree.span(entries[-1]) if entries else tree.policy_span(policy)
        if (span, cause.message) in seen:
            continue
        seen.add((span, cause.message))
        yield CHECK.finding(
            span,
            f"the AppArmor profile of {subject} does not load: {cause.message}",
            help=cause.help,
            profile=(entries[-1].policy if entries else policy).title,
        )


CHECK = Check("LSM823", "profile-not-loaded", "warning", run)
