"""A rule for what the kernel refuses without a capability that the profile does not allow.

What it does: finds rules for mounting without `capability sys_admin`, for raw and packet sockets
without `net_raw`, for the memory of the kernel without `sys_rawio`, for loading policy without
`mac_admin`.  The list is `lint/data/capabilities.toml`.

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
from typing import Any, NamedTuple

from lsmc.analysis.profile_view import Grants, ProfileView, UnitRule, UnitView, halves
from lsmc.automata.facts import members, samples
from lsmc.base.diagnostics import Diagnostic
from lsmc.ir.decision import ALLOW
from lsmc.ir.model import MediationClass
from lsmc.lint.model import Check
from lsmc.modules.apparmor.classes import BY_NAME, CAPABILITY, FILE, NETWORK
from lsmc.modules.apparmor.decide.subjects import mediates
from lsmc.modules.apparmor.lint.data import facts
from lsmc.modules.apparmor.lint.messages import rule_finding, witness
from lsmc.modules.apparmor.lint.tree import Tree


class _Asker(NamedTuple):
    """A rule that grants nothing but accesses which need a capability, and keys of these."""

    held: UnitRule
    perms: int
    keys: tuple[bytes, ...]


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each such rule."""
    needs: list[dict[str, Any]] = facts("capabilities")["needs"]
    known: dict[tuple[int, int], list[_Asker]] = {}
    for view in tree.shared(Grants).confined:
        if view.name in tree.incomplete:
            continue
        seen: set[int] = set()
        for number, need in enumerate(needs):
            cls = BY_NAME[need["class"]]
            key = need["capability"].encode()
            if not mediates(view.profile.record, cls):
                continue
            if view.decide(CAPABILITY, key).allow:
                continue
            for use in view.uses:
                place = (id(use.unit), number)
                if place not in known:
                    known[place] = list(_askers(use.unit, cls, need))
                for asker in known[place]:
                    span = asker.held.rule.origin
                    if span.start in seen or not _grants(view, asker):
                        continue
                    seen.add(span.start)
                    yield rule_finding(
                        CHECK,
                        view,
                        asker.held,
                        "is of no use without the capability "
                        f"`{need['capability']}`: the kernel refuses {need['what']}",
                        help="add the capability, or drop the rule",
                        witness=witness(view, CAPABILITY, key, True, CAPABILITY.all),
                    )


def _askers(unit: UnitView, cls: MediationClass, need: dict[str, Any]) -> Iterator[_Asker]:
    """The rules of a unit that speak of nothing but such accesses."""
    perms = cls.mask(need["perms"].split() if cls is not FILE else need["perms"])
    objects = {path.encode() for path in need.get("objects", ())}
    for held in unit.of(cls):
        if held.facts.effect != ALLOW or not (held.facts.owner | held.facts.other) & perms:
            continue
        keys: tuple[bytes, ...] = ()
        if cls is FILE:
            keys = members(held.rule.fields[0]) or ()
            if not keys or not objects.issuperset(keys):
                continue
        elif cls is NETWORK:
            pair = [members(field) for field in held.rule.fields[:2]]
            sockets = {(a, b) for a, b in need["sockets"]}
            named = {(a.decode(), b.decode()) for a in pair[0] or () for b in pair[1] or ()}
            if None in pair or not named or not named <= sockets:
                continue
            keys = (b"\0".join(samples(field)[0] for field in held.rule.fields),)
        yield _Asker(held, perms, keys)


def _grants(view: ProfileView, asker: _Asker) -> bool:
    """Whether a profile grants one of the accesses by a rule; any where no keys are told apart."""
    held, perms, keys = asker
    return not keys or any(
        view.granted_by(held, key, perms, owner)
        for key in keys
        for owner in halves(held.facts, perms)
    )


CHECK = Check("LSM309", "use-without-capability", "warning", run)
