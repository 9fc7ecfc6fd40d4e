"""A peer that no profile of the tree can be.

What it does: finds `peer=` and `label=` conditions (signal, ptrace, unix, dbus, mqueue, io_uring)
that match neither `unconfined` nor the name of any profile, child or hat of the tree.

Why is this bad: the rule allows nothing.  Mostly the other profile was renamed, or is named by its
path where it has a name of its own.

Bad:

```apparmor
profile bad /bin/bad {
  signal send set=term peer=workr,  # found
  ptrace read peer=/bin/worker,  # found
}

profile worker /bin/worker {
  /x r,
}
```

Good:

```apparmor
profile good /bin/good {
  signal send set=term peer=worker,
  signal send set=kill peer=good//*,
  ptrace read peer={worker,older-worker},
  unix (send receive) type=stream peer=(label=unconfined),
  dbus send bus=session peer=(label="snap.{a,b}"),

  profile child {
    /x r,
  }
}

profile worker /bin/worker {
  /x r,
}
```

A pattern that matches one profile is fine, whatever its other alternatives are.  Names that come
from elsewhere are not looked for: `[checks.unknown-peer] external = ["libvirt-*", ...]`.

How sure: exact for the files that were given; profiles in files beside them and in the base
directory count as existing.  It is `info` because rules for programs of other packages are written
on purpose.

How to fix: correct the label, drop the rule, or add the name to `external`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.automata.pattern import example
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span
from lsmc.ir.mediation import Effect
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.messages import quoted, shown
from lsmc.modules.apparmor.lint.peers import peer_rules
from lsmc.modules.apparmor.lint.references import EXTERNAL, ProfileNames, external_setting
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule whose peer is nobody, once a place."""
    names = tree.shared(ProfileNames)
    globs = external_setting(tree, CHECK)
    known: set[Span] = set()  # places where one profile at least finds its peer
    missing: dict[Span, set[str]] = {}
    labels: dict[Span, bytes] = {}  # one that the peer may be
    for one in tree.shared(peer_rules):
        if one.rule.effect == Effect.DENY:
            continue
        users = {p.name for p in one.profiles if not names.own_children(one.peer, p.name)}
        if not users or names.matching(one.peer) or names.external(one.peer, globs):
            known.add(one.rule.origin)
        else:
            missing.setdefault(one.rule.origin, set()).update(users)
            labels.setdefault(one.rule.origin, example(one.peer) or b"")
    for origin, users in missing.items():
        if origin in known:
            continue  # the label speaks of the profile itself, and fits for some
        for user in sorted(users):
            yield CHECK.finding(
                origin,
                f"the peer {shown(labels[origin])} of {quoted(origin)} matches no profile",
                help="correct the label, or drop the rule",
                profile=user,
            )


CHECK = Check(
    "LSM203", "unknown-peer", "info", run, table={"external": list(EXTERNAL)}, confidence="medium"
)
