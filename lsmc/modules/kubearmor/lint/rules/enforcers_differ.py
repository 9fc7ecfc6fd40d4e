"""An entry that the two enforcers understand differently.

What it does: asks both enforcers about what an entry names, and finds entries where one lets
through what the other refuses. Entries of which another check tells the cause are left out.

Why is this bad: which enforcer runs is a matter of the node: the same policy protects on one node
and not on the other, or breaks the program on one of them.

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
      - path: /usr/local/bin/tool  # found
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
      - path: /usr/local/bin/tool
  process:
    matchPaths:
      - path: /usr/local/bin/tool
  action: Block
```

How sure: exact: the witness is a question to which the enforcers give different answers.

How to fix: write the entry so that both do the same, here: block the execution as well as the file.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.kubearmor.lint.differences import differences
from lsmc.modules.kubearmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each entry with a request at which the enforcers part."""
    for rule, witness, words in differences(tree):
        yield CHECK.finding(
            tree.span(rule),
            words,
            help="ask with `enforcer=apparmor` and `enforcer=bpf`",
            profile=rule.policy.title,
            witness=witness,
        )


CHECK = Check("LSM820", "enforcers-differ", "warning", run)
