r"""A file context whose expression is wrong, or no regular language.

What it does: finds `filecon` statements whose path is no expression that PCRE reads (a bracket that
is not closed, a repetition of nothing), or that uses what lsmc does not match: assertions such as
`(?=a)`, back references, possessive repetition, `^` and `$` in the middle.

Why is this bad: libselinux refuses the whole file of contexts for one wrong expression.  What lsmc
does not match has no part in its answers about labels.

Bad:

```cil
(type web_log_t)
(filecon "/var/log/web(/.*" any (system_u object_r web_log_t ((s0) (s0))))  ; found
```

Good:

```cil
(type web_log_t)
(filecon "/var/log/web(/.*)?" any (system_u object_r web_log_t ((s0) (s0))))
```

How sure: exact.

How to fix: correct the expression; write a back reference out.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import to_display
from lsmc.lint.model import Check
from lsmc.modules.selinux.filecon.regex import BadExpression, Expression
from lsmc.modules.selinux.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each expression that cannot be read."""
    contexts, labels = tree.file_contexts
    for one in contexts:
        text = tree.path_of(one)
        if labels.expression(text) is None:
            try:
                Expression(text)
            except BadExpression as fault:
                yield CHECK.finding(
                    tree.span(one.place),
                    f"this path is not matched: {to_display(fault.reason)}, at character "
                    f"{fault.column + 1} of it",
                )


CHECK = Check("LSM640", "unmatched-file-context", "warning", run)
