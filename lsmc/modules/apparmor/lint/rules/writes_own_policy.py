"""A rule that lets a program change what confines it, or run code outside of its profile later.

What it does: finds rules by which a profile may write, after all denies, its own executable,
AppArmor policy, the configuration of the dynamic linker, kernel modules, jobs of cron, systemd
units, files that shells run at login, or the files that say who may become root.  The list is
`lint/data/own_policy.toml`; programs whose job it is are named there and passed over.

Why is this bad: the profile holds only until the next start, load or login.

Bad:

```apparmor
profile agent /usr/bin/agent {
  /etc/** rw,  # found
  /usr/bin/agent rw,  # found
}
```

Good:

```apparmor
profile agent /usr/bin/agent {
  /etc/agent/** rw,
  /usr/bin/agent r,
}
```

How sure: the object in the witness can be written.  An object that is neither named in the list
as an example nor named by a rule may be missed.

How to fix: name what the program needs to write, or deny the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis.profile_view import Grants, ProfileView, UnitRule, halves, wins
from lsmc.automata.facts import PrefixIndex, objects, starts
from lsmc.base.diagnostics import Diagnostic
from lsmc.ir.decision import ALLOW
from lsmc.lint.model import Check
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.lint.file_rules import WRITE, granting
from lsmc.modules.apparmor.lint.messages import rule_finding, shown, witness
from lsmc.modules.apparmor.lint.path_sets import PathSets, opened
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule that opens a part of the system's own policy for writing."""
    for rule in opened(PathSets.read("own_policy").openings(tree, ALLOW, WRITE)):
        first = rule.first
        yield rule_finding(
            CHECK,
            rule.view,
            rule.held,
            f"writes {rule.kinds()}: {shown(first.path)} for one",
            help=f"that {first.kind.fields['opens']}: name what the program needs to write",
            witness=witness(rule.view, FILE, first.path, first.owner, first.perms),
        )
    views = tree.shared(Grants)
    writers = PrefixIndex(
        ((held, id(unit)), starts(held.rule.fields[0]))
        for unit in views.units
        for held in granting(unit, WRITE)
    )
    for view in views.confined:
        yield from _own_executable(view, writers)


def _own_executable(
    view: ProfileView, writers: PrefixIndex[tuple[UnitRule, int]]
) -> Iterator[Diagnostic]:
    attachment = view.profile.ir.attachment
    if attachment is None:
        return
    units = {id(use.unit) for use in view.uses}
    for pattern in attachment.patterns:
        found = writers.meeting(starts(pattern))
        by_number = {held.facts.id: held for held, unit in found if unit in units}
        near = [by_number[number] for number in sorted(by_number)]
        for path in objects(pattern) if near else ():
            decisions = {owner: view.decide(FILE, path, owner) for owner in (True, False)}
            for held in near:
                for owner in halves(held.facts, WRITE):
                    decision = decisions[owner]
                    if wins(decision, held.facts, WRITE) & decision.allow:
                        yield rule_finding(
                            CHECK,
                            view,
                            held,
                            f"writes the profile's own executable, {shown(path)}",
                            help="the program can replace itself: make that a read",
                            witness=witness(view, FILE, path, owner, WRITE),
                        )
                        return


CHECK = Check("LSM306", "writes-own-policy", "warning", run)
