"""A capability whose uses the profile does not allow.

What it does: finds capabilities where the profile allows none of the uses that are known and that
AppArmor mediates: `net_raw` without any network rule, `kill` without sending signals, `sys_admin`
without mounting, writing below `/proc/sys`, entering namespaces and the like.  The message names
one of the uses; all are in `lint/data/capabilities.toml`.

Why is this bad: the capability may be a leftover, or a rule is missing.

Bad:

```apparmor
abi <abi/4.0>,
profile tool /usr/bin/tool {
  capability net_raw,  # found
}
```

Good:

```apparmor
abi <abi/4.0>,
profile tool /usr/bin/tool {
  capability net_raw,
  network inet raw,
}
```

How sure: it is exact that the profile allows none of the uses that are listed.  The kernel asks for
a capability at other places too, for `sys_admin` and `net_admin` at many that AppArmor does not
mediate, which is why this is information.

How to fix: drop the capability, or add the rule that it is for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lsmc.analysis.profile_view import Grants, ProfileView
from lsmc.automata.facts import common_file, may_meet, members, starts
from lsmc.automata.pattern import NEVER, Pattern
from lsmc.base.diagnostics import Diagnostic
from lsmc.ir.decision import ALLOW
from lsmc.lint.model import Check
from lsmc.modules.apparmor.analysis.key_globs import globs
from lsmc.modules.apparmor.classes import BY_NAME, CAPABILITY, FILE, NETWORK
from lsmc.modules.apparmor.decide.subjects import mediates
from lsmc.modules.apparmor.lint.data import facts
from lsmc.modules.apparmor.lint.file_rules import READ, WRITE
from lsmc.modules.apparmor.lint.messages import chain, help_text, witness
from lsmc.modules.apparmor.lint.tree import Tree

_LOCAL = ("unix", "netlink")
_FILES = {"read": READ, "write": WRITE}


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each such capability."""
    uses = facts("capabilities")["use"]
    places = {
        name: [(mask, globs(use[key])) for key, mask in _FILES.items() if key in use]
        for name, use in uses.items()
    }
    for view in tree.shared(Grants).confined:
        if view.name in tree.incomplete:
            continue
        for held in view.rules(CAPABILITY):
            if held.facts.effect != ALLOW:
                continue
            for key in members(held.rule.fields[0]) or ():
                name = key.decode()
                if name not in uses or _used(view, uses[name], places[name]):
                    continue
                if not view.granted_by(held, key, CAPABILITY.all):
                    continue
                use = uses[name]
                yield CHECK.finding(
                    held.rule.origin,
                    f"`{name}` is granted and one use of it, {use['what']}, is not",
                    help=help_text(
                        "drop the capability if nothing needs it, or add the rule that it is for",
                        use.get("partly", ""),
                    ),
                    profile=view.name,
                    witness=witness(view, CAPABILITY, key, True, CAPABILITY.all),
                    related=chain(view, held),
                )


def _used(view: ProfileView, use: dict[str, Any], places: Iterable[tuple[int, Pattern]]) -> bool:
    """Whether the profile allows one of the uses."""
    if "socket" in use and _opens_socket(view, use["socket"]):
        return True
    for name, perms in use.get("class", {}).items():
        cls = BY_NAME[name]
        if not mediates(view.profile.record, cls):
            return True
        if _allows(view, name, cls.mask(perms.split())):
            return True
    return any(_reaches(view, perms, paths) for perms, paths in places)


def _allows(view: ProfileView, name: str, perms: int) -> bool:
    """Whether some rule of a class grants something, denies left aside."""
    return any(
        held.facts.effect == ALLOW and held.facts.owner & perms
        for held in view.rules(BY_NAME[name])
    )


def _opens_socket(view: ProfileView, families: list[str]) -> bool:
    if not mediates(view.profile.record, NETWORK):
        return True
    if "unix" in families and _allows(view, "unix", BY_NAME["unix"].all):
        return True
    for held in view.rules(NETWORK):
        if held.facts.effect != ALLOW:
            continue
        named = members(held.rule.fields[0])
        if named is None:
            return True
        for family in (name.decode() for name in named):
            if family in families or ("any" in families and family not in _LOCAL):
                return True
    return False


def _reaches(view: ProfileView, perms: int, places: Pattern) -> bool:
    """Whether some rule grants access to such a place; a rule with wildcards is believed to."""
    return any(
        held.facts.effect == ALLOW
        and (held.facts.owner | held.facts.other) & perms
        and may_meet(starts(held.rule.fields[0]), starts(places))
        and common_file(held.rule.fields[0], places, NEVER) is not None
        for held in view.rules(FILE)
    )


CHECK = Check("LSM308", "capability-without-use", "info", run, confidence="medium")
