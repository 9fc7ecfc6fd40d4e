"""A profile that cannot load the C library.

What it does: finds profiles that programs are started under, that do not include
`abstractions/base` or an equivalent, and whose rules let them map neither the C
library nor the dynamic loader.

Why is this bad: every dynamically linked program then fails before its first line; the log shows
denials of `libc.so.6` and `ld.so.cache`.

Bad:

```apparmor
profile bad /bin/bad {  # found
  /bin/bad mr,
  /etc/bad r,
}
```

Good:

```apparmor
include <tunables/global>

profile good /bin/good {
  include <abstractions/base>
  /etc/good r,
}

profile by-hand /bin/by-hand {
  /usr/lib/** mr,
}
```

How sure: the rules are judged exactly, at the usual places of the two files; whether the program is
linked statically cannot be known, so it is `info`.  Hats and profiles that are entered only by
`change_profile` run in a process that has its libraries, and are left out.  With
`[checks.missing-base] equivalents = ["abstractions/base", ...]` more includes count.

How to fix: `include <abstractions/base>`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis.linked_policy import LinkedProfile
from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.decide.subjects import mediates
from lsmc.modules.apparmor.lint.references import graph_of
from lsmc.modules.apparmor.lint.tree import Tree

_EQUIVALENTS = ("abstractions/base", "abstractions/base-strict")
_LIBRARIES = tuple(
    folder + name
    for folder in (
        "/usr/lib/x86_64-linux-gnu/",
        "/lib/x86_64-linux-gnu/",
        "/usr/lib/",
        "/lib/",
        "/usr/lib64/",
        "/lib64/",
    )
    for name in ("libc.so.6", "ld-linux-x86-64.so.2", "ld-musl-x86_64.so.1")
)


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each profile without what a program needs first."""
    names = tree.setting(CHECK, "equivalents")
    wanted = tuple(f"/{name}" for name in names)
    graph = tree.shared(graph_of)
    for profile in tree.profiles:
        if not mediates(profile.record, FILE) or profile.record.is_hat or not any(profile.ir.rules):
            continue
        if profile.name in tree.incomplete:
            continue
        entered = profile.ir.attachment is not None or any(
            edge.kind == "exec" for edge in graph.into.get(profile.name, ())
        )
        if not entered or _includes(profile, wanted) or _maps(profile):
            continue
        yield CHECK.finding(
            profile.ir.origin,
            f"`{profile.name}` may not map the C library",
            help="include <abstractions/base>",
            profile=profile.name,
            witness={
                "subject": profile.name,
                "class": "file",
                "perms": "rm",
                "object": _LIBRARIES[0],
                "owner": False,
            },
        )


def _includes(profile: LinkedProfile, wanted: tuple[str, ...]) -> bool:
    """Whether the rules of an equivalent are among the profile's."""
    return any(
        rule.origin.source.path.endswith(wanted)
        for use in profile.ir.uses
        for rule in use.unit.rules[:1]
    )


def _maps(profile: LinkedProfile) -> bool:
    needed = FILE.mask("rm")
    for path in _LIBRARIES:
        node = profile.matcher.walk(bytes((FILE.code,)) + path.encode())
        if profile.matcher.decide(node, FILE, False).allow & needed == needed:
            return True
    return False


CHECK = Check(
    "LSM220",
    "missing-base",
    "info",
    run,
    table={"equivalents": list(_EQUIVALENTS)},
    basis=graph_of,
    confidence="medium",
)
