r"""A file context with `|` outside of brackets.

What it does: finds `filecon` statements whose path has alternatives outside of brackets.

Why is this bad: libselinux anchors the text, not each alternative.  So the first one labels every
path that begins with it, and the last one every path that ends with it.

Bad:

```cil
(type web_log_t)
(filecon "/var/log/web|/srv/log/web" any (system_u object_r web_log_t ((s0) (s0))))  ; found
```

Good:

```cil
(type web_log_t)
(filecon "/(var|srv)/log/web" any (system_u object_r web_log_t ((s0) (s0))))
```

How sure: exact.

How to fix: put the alternatives in brackets, or write a statement for each.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.selinux.filecon.labels import has_open_alternatives
from lsmc.modules.selinux.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each expression that is anchored in part."""
    contexts, _ = tree.file_contexts
    for one in contexts:
        if has_open_alternatives(tree.path_of(one)):
            yield CHECK.finding(
                tree.span(one.place),
                "each alternative is anchored at one end of the path only",
                help="put the alternatives in brackets",
            )


CHECK = Check("LSM641", "open-alternative", "warning", run)
