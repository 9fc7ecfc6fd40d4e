"""A rule for what the kernel refuses without a capability that the profile does not allow.

What it does: finds rules for mounting without `capability sys_admin`, for raw and packet sockets
without `net_raw`, for the memory of the kernel without `sys_rawio`, for loading policy without
`mac_admin`.  The list is `lsmc/checker/data/capabilities.toml`.

Why is this bad: the rule looks like a permission, and the program gets an error all the same.

Bad:

```apparmor
abi <abi/4.0>,
profile tool /usr/bin/tool {
  mount fstype=tmpfs -> /mnt/,  # found
}
```

Good:

```apparmor
abi <abi/4.0>,
profile tool /usr/bin/tool {
  capability sys_admin,
  mount fstype=tmpfs -> /mnt/,
}
```

How sure: AppArmor asks for the capability in every user namespace, so the access fails; the
witness is the refused capability.  A socket that another process opened and handed over may still
be used.

How to fix: add the capability, or drop the rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lsmc.checker.facts import facts
from lsmc.checker.grants import Held, ProfileView, grants, halves, wins
from lsmc.checker.model import Check, Tree
from lsmc.checker.patterns import members, samples
from lsmc.checker.telling import chain, quoted, witness
from lsmc.decide import ALLOW
from lsmc.diagnostics import Diagnostic
from lsmc.engine.subjects import mediates
from lsmc.ir.classes import BY_NAME, CAPABILITY, FILE, NETWORK
from lsmc.ir.model import MediationClass


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each such rule."""
    for view in grants(tree).confined:
        seen: set[int] = set()
        for need in facts("capabilities")["needs"]:
            cls = BY_NAME[need["class"]]
            key = need["capability"].encode()
            if not mediates(view.profile.record, cls):
                continue
            if view.decide(CAPABILITY, key).allow:
                continue
            for held in view.rules(cls):
                if held.rule.origin.start in seen or not _asks(view, held, cls, need):
                    continue
                seen.add(held.rule.origin.start)
                span = held.rule.origin
                yield CHECK.finding(
                    span,
                    f"{quoted(span)} is of no use without the capability `{need['capability']}`: "
                    f"the kernel refuses {need['what']}",
                    help="add the capability, or drop the rule",
                    profile=view.name,
                    witness=witness(view, CAPABILITY, key, True, CAPABILITY.all),
                    related=chain(view, held),
                )


def _asks(view: ProfileView, held: Held, cls: MediationClass, need: dict[str, Any]) -> bool:
    """Whether a rule grants nothing but such accesses, and does grant one."""
    perms = cls.mask(need["perms"].split() if cls is not FILE else need["perms"])
    if held.facts.effect != ALLOW or not (held.facts.owner | held.facts.other) & perms:
        return False
    if cls is FILE:
        found = members(held.rule.fields[0])
        if not found or not set(found) <= {path.encode() for path in need["objects"]}:
            return False
        keys = list(found)
    elif cls is NETWORK:
        pair = [members(field) for field in held.rule.fields[:2]]
        if None in pair:
            return False
        sockets = {(a, b) for a, b in need["sockets"]}
        named = {(a.decode(), b.decode()) for a in pair[0] or () for b in pair[1] or ()}
        if not named or not named <= sockets:
            return False
        keys = [b"\0".join(samples(field)[0] for field in held.rule.fields)]
    else:
        return True
    return any(
        wins(decision := view.decide(cls, key, owner), held.facts, perms) & decision.allow
        for key in keys
        for owner in halves(held.facts, perms)
    )


CHECK = Check("LSM309", "use-without-capability", "warning", run)
