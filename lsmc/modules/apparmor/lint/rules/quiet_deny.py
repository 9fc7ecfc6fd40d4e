"""A `deny` that hides a sign of an attack.

What it does: finds `deny` rules without `audit` on objects and capabilities that hardly any
program asks for by accident: password hashes, private keys, the memory of the kernel, policy,
cron jobs and units, and capabilities that load code into the kernel.  The lists are
`lint/data/attack_signs.toml` and `capabilities.toml` there.

Why is this bad: a plain `deny` is not logged.  Without the rule the access would be refused just
the same, and somebody would see it.

Bad:

```apparmor
profile viewer /usr/bin/viewer {
  deny /etc/shadow r,  # found
}
```

Good:

```apparmor
profile viewer /usr/bin/viewer {
  audit deny /etc/shadow r,
}
```

How sure: the refusal in the witness is not logged.  Whether a program asks for it in normal use
is not known; then the `deny` is right.

How to fix: write `audit deny`, or drop the rule where nothing else grants the access.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis.profile_view import Grants, wins
from lsmc.automata.facts import members
from lsmc.base.diagnostics import Diagnostic
from lsmc.ir.decision import DENY
from lsmc.lint.model import Check
from lsmc.modules.apparmor.classes import CAPABILITY, FILE
from lsmc.modules.apparmor.lint.data import facts
from lsmc.modules.apparmor.lint.messages import rule_finding, shown, witness
from lsmc.modules.apparmor.lint.path_sets import PathSets, opened
from lsmc.modules.apparmor.lint.tree import Tree

_HELP = "write `audit deny`: without the rule it would be refused too, but logged"


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule that silences such a refusal."""
    wanted = FILE.mask("rw")
    found = (
        (view, opening)
        for view, opening in PathSets.read("attack_signs").openings(tree, DENY, wanted)
        if opening.perms & opening.decision.quiet and not view.profile.record.audit
    )
    for rule in opened(found):
        first = rule.first
        quiet = first.perms & first.decision.quiet
        yield rule_finding(
            CHECK,
            rule.view,
            rule.held,
            f"hides attempts at {rule.kinds()}: {shown(first.path)} for one",
            help=_HELP,
            witness=witness(rule.view, FILE, first.path, first.owner, quiet),
        )
    yield from _capabilities(tree)


def _capabilities(tree: Tree) -> Iterator[Diagnostic]:
    signs = {name for name, fact in facts("capabilities")["capability"].items() if fact.get("sign")}
    for view in tree.shared(Grants).confined:
        if view.profile.record.audit:
            continue
        for held in view.rules(CAPABILITY):
            if held.facts.effect != DENY:
                continue
            for name in members(held.rule.fields[0]) or ():
                if name.decode() not in signs:
                    continue
                decision = view.decide(CAPABILITY, name)
                if decision.quiet and wins(decision, held.facts, CAPABILITY.all):
                    yield rule_finding(
                        CHECK,
                        view,
                        held,
                        f"hides attempts to use the capability {shown(name)}",
                        help=_HELP,
                        witness=witness(view, CAPABILITY, name, True, CAPABILITY.all),
                    )


CHECK = Check("LSM312", "quiet-deny", "info", run, confidence="medium")
