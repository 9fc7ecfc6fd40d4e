"""A permission word whose letters are not in the usual order.

What it does: finds file rules whose permissions are not written in the order m r w a l k, then how
the file is executed, which is the order in which AppArmor's own tools write them.

Why is this bad: `wr` and `rw` mean the same, but readers, searches and diffs have to know it.

Bad:

```apparmor
profile bad /bin/bad {
  /etc/bad wr,  # found
  /lib/bad.so rm,  # found
  /bin/tool Pxr,  # found
}
```

Good:

```apparmor
profile good /bin/good {
  /etc/good rw,
  /lib/good.so mr,
  /bin/tool rPx,
}
```

How sure: exact.  A word with two exec modes is passed over.

How to fix: `lsmc fmt`, or `lsmc lint --fix`, which changes no decision.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Edit, Fix
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.source_files import given, rules
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.permission_words import in_order


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each permission word out of order."""
    for file in given(tree):
        for rule in rules(file.tree):
            perms = rule.body.perms if isinstance(rule.body, ast.FileRule) else None
            if perms is None or in_order(perms.text) == perms.text:
                continue
            good = in_order(perms.text)
            yield CHECK.finding(
                perms.span,
                f"permissions `{perms.text}` are usually written `{good}`",
                fix=Fix(f"write `{good}`", (Edit(perms.span, good),)),
            )


CHECK = Check("LSM501", "permission-order", "info", run, default=False)
