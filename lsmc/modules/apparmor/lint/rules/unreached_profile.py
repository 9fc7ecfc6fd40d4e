"""A profile that nothing attaches to or changes to.

What it does: finds profiles without an attachment that are the target of no exec rule, no
`change_profile` rule and no stack in the tree.

Why is this bad: a policy that nothing uses looks like protection and is none.

Bad:

```apparmor
profile lonely {  # found
  /x r,
}
```

Good:

```apparmor
profile attached /bin/attached {
  /bin/helper px -> helper,
  change_profile -> worker-*,
}

profile helper {
  /x r,
}

profile worker-1 {
  /y r,
}
```

How sure: exact about the policy.  It is `info` since programs that are not confined may enter any
profile: `AppArmorProfile=` of a systemd unit, `aa-exec`, pam_apparmor, container managers.
Children and hats are judged by `unused-child`; names in other namespaces are left out, and so
are those that stand behind an arrow in a file that was not given: one beside the given ones or in
the base directory, or an abstraction that no profile includes.

How to fix: give it an attachment, or remove it; for one that is entered from outside, list its name
in `[checks.unreached-profile] entered = ["name", ...]` (globs).
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.references import ProfileNames, graph_of
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each profile that no edge leads to."""
    neighbours = tree.shared(ProfileNames).neighbours
    graph = tree.shared(graph_of)
    globs = [str(one) for one in tree.setting(CHECK, "entered")]
    for profile in tree.profiles:
        if profile.ir.attachment is not None or profile.record.parent or profile.record.namespace:
            continue
        if profile.record.is_hat or any(fnmatchcase(profile.name, glob) for glob in globs):
            continue
        if any(edge.source != profile.name for edge in graph.into.get(profile.name, ())):
            continue
        if not neighbours.enters(profile.name):
            yield CHECK.finding(
                profile.ir.origin,
                f"`{profile.name}` attaches to nothing, and no rule changes to it",
                help="give it an attachment, or remove it",
                profile=profile.name,
            )


CHECK = Check(
    "LSM208",
    "unreached-profile",
    "info",
    run,
    table={"entered": []},
    basis=graph_of,
    confidence="medium",
)
