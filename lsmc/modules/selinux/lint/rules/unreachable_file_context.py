r"""A file context that labels no path.

What it does: finds `filecon` statements whose every path, of every kind of file that they are for,
is labelled by others.  Of the statements that match a path the last one counts, in an order that
does not follow the files: expressions before literal paths, then those with the shorter beginning
without a special character before those with the longer one, then shorter before longer texts,
then those for any kind of file before those for one.

Why is this bad: files get another label than the author of the statement thought, as after
`restorecon`.

Bad:

```cil
(type bin_t)
(type list_exec_t)
(filecon "/etc/cron\.daily(/.*)?" any (system_u object_r bin_t ((s0) (s0))))
(filecon "/etc/cron\.weekly(/.*)?" any (system_u object_r bin_t ((s0) (s0))))
(filecon "/etc/cron\.(daily|weekly)/list" file (system_u object_r list_exec_t ((s0) (s0))))  ; found
```

Good:

```cil
(type bin_t)
(type list_exec_t)
(filecon "/etc/cron\.daily(/.*)?" any (system_u object_r bin_t ((s0) (s0))))
(filecon "/etc/cron\.weekly(/.*)?" any (system_u object_r bin_t ((s0) (s0))))
(filecon "/etc/cron\.daily/list" file (system_u object_r list_exec_t ((s0) (s0))))
(filecon "/etc/cron\.weekly/list" file (system_u object_r list_exec_t ((s0) (s0))))
```

Paths are looked up with single slashes and none at the end, so that `/srv/` labels nothing either.
Statements that give the same label as those that take their paths are found as well.

How sure: exact, for paths without line ends.  Expressions that are too complex for the search are
not found.

How to fix: write the paths out, so that the expression begins like those that take its paths, or
remove the statement.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.base.source import to_display
from lsmc.lint.model import Check
from lsmc.modules.selinux.filecon.reach import unreached
from lsmc.modules.selinux.lint.tree import Tree

#: Statements that take paths which are shown.
_FEW = 3


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each file context that others hide."""
    contexts, labels = tree.file_contexts
    for number, one in enumerate(contexts):
        proof = unreached(labels, number)
        if proof is not None and not proof.by:
            yield CHECK.finding(
                tree.span(one.place),
                "no path is like this: they are looked up with single slashes, and none at the end",
            )
        elif proof is not None:
            yield CHECK.finding(
                tree.span(one.place),
                f"other file contexts label all of its paths, such as `{_shown(proof.path)}`",
                help="write its paths out, or remove it",
                related=[
                    Label(tree.span(contexts[by].place), "this takes some")
                    for by in proof.by[:_FEW]
                ],
            )


def _shown(path: bytes) -> str:
    return to_display(path.decode("latin-1"))


CHECK = Check("LSM636", "unreachable-file-context", "warning", run, cost=2)
