"""A rule that nothing asks, as built-in rules decide all of it.

What it does: finds pairs of labels for which every request is decided as it would be without the
rule: a subject `*` is refused everything; everybody may do anything to an object `*` or `@`, and a
subject `@` to anything; subject and object of one label may do anything; and the object `_`, or the
subject `^`, gives reading and executing, or locking alone.

Why is this bad: the rule does nothing, but looks as if it granted or refused something.

Bad:

```smack
App _ rx  # found
App App rwx  # found
App * -  # found
* System r  # found
```

Good:

```smack
App _ rwx
App System rx
```

How sure: exact.  Every set of letters is decided alike with the rule and without it.

How to fix: remove the rule, as `--fix` does.  To keep a label from what is built in, write rules
for the task itself (load-self2), which take away.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.smack.lint.tree import Tree, without_row
from lsmc.modules.smack.redundant import built_in_decides


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each row of a pair that built-in rules decide."""
    for (subject, obj), pair in tree.policy.pairs.items():
        if not built_in_decides(subject, obj, pair.access):
            continue
        for rule in pair.rows:
            yield CHECK.finding(
                rule.row.span,
                f"`{rule.row.text}` changes nothing: built-in rules decide this pair",
                help="remove it",
                profile=subject,
                fix=without_row(rule),
            )


CHECK = Check("LSM711", "built-in-decides", "warning", run, effect=True)
