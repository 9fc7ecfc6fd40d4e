"""A capability that opens much more than it seems to.

What it does: finds capabilities that let a program leave its confinement or act as root on what
belongs to others, by the ranking in `lint/data/capabilities.toml`.  Capabilities that
reach the kernel or the policy itself (`critical` there) are warnings, the others information.

Why is this bad: a profile with such a capability confines little.

Configuration may name capabilities that are not to be reported:

    [checks.dangerous-capability]
    allow = ["sys_admin"]

Bad:

```apparmor
profile tool /usr/bin/tool {
  capability sys_module,  # found
}
```

Good:

```apparmor
profile tool /usr/bin/tool {
  capability net_bind_service,
}
```

How sure: the profile may use the capability, if the process has it.  Whether it needs it is not
known.  Capabilities of the rank `critical` are warnings, the others `info`: a fifth of all profiles
have one of these with good reason.

How to fix: see whether the program works without; some only ask and go on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lsmc.analysis.profile_view import Grants, ProfileView, UnitRule
from lsmc.automata.facts import members
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.text import listing
from lsmc.ir.decision import ALLOW
from lsmc.lint.model import Check
from lsmc.modules.apparmor.classes import CAPABILITY
from lsmc.modules.apparmor.lint.data import facts
from lsmc.modules.apparmor.lint.messages import rule_finding, witness
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule with such capabilities."""
    allowed = set(tree.setting(CHECK, "allow"))
    ranked = {
        name: fact
        for name, fact in facts("capabilities")["capability"].items()
        if name not in allowed
    }
    for view in tree.shared(Grants).confined:
        for held in view.rules(CAPABILITY):
            if held.facts.effect == ALLOW:
                yield from _report(view, held, ranked)


def _report(
    view: ProfileView, held: UnitRule, ranked: dict[str, dict[str, str]]
) -> Iterator[Diagnostic]:
    listed = members(held.rule.fields[0])
    if listed is None:
        return  # every capability: LSM301
    found = [
        name
        for name in map(bytes.decode, listed)
        if name in ranked and view.granted_by(held, name.encode(), CAPABILITY.all)
    ]
    if not found:
        return
    found.sort(key=lambda name: ranked[name]["rank"])
    worst = ranked[found[0]]["rank"]
    opens = "; ".join(f"`{name}` {ranked[name]['opens']}" for name in found)
    finding = rule_finding(
        CHECK,
        view,
        held,
        f"grants {listing(f'`{name}`' for name in found)}, {worst} in reach",
        help=opens,
        witness=witness(view, CAPABILITY, found[0].encode(), True, CAPABILITY.all),
    )
    yield finding if worst == "critical" else replace(finding, severity="info")


CHECK = Check(
    "LSM307", "dangerous-capability", "warning", run, table={"allow": []}, confidence="medium"
)
