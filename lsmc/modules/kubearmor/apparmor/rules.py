"""What KubeArmor's AppArmor enforcer keeps of policy: rules by name, for all and for each source.

From `appArmorProfile.go` of KubeArmor 1.7: of two rules of one name the first counts, save that an
Allow and a Block become both, with the flags of the later; a pattern is kept only if none of its
name came before; a source's own rules take the place of those for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from lsmc.modules.kubearmor.policy import ALLOW, BLOCK, Entry, Policy, Rule, rules
from lsmc.modules.kubearmor.posture import Posture

Kind = Literal["file", "process", "network", "capabilities"]
KINDS: tuple[Kind, ...] = ("file", "process", "network", "capabilities")


@dataclass(frozen=True, slots=True)
class Access:
    """What is written of one name; `rules` are the entries that say so, the last one last."""

    allow: bool
    deny: bool
    directory: bool
    recursive: bool
    owner_only: bool
    read_only: bool
    rules: tuple[Rule, ...]


@dataclass(slots=True)
class Body:
    """The rules of a profile by kind and name; `heads` are the classes that it allows at large."""

    heads: dict[str, bool] = field(
        default_factory=lambda: {"file": True, "network": True, "capability": True}
    )
    rules: dict[Kind, dict[str, Access]] = field(
        default_factory=lambda: {kind: {} for kind in KINDS}
    )

    def count(self) -> int:
        """The number of its rules."""
        return sum(len(names) for names in self.rules.values())


@dataclass(frozen=True, slots=True)
class Bodies:
    """The rules of the profile of a container, of each source, and the native lines.

    `count` is the number of rules that KubeArmor logs.
    """

    top: Body
    sources: dict[str, Body]
    native: tuple[tuple[str, Policy], ...]
    count: int


#: Lines of a profile that stand in any, and a few.
_FIXED = 24
#: The class whose head, and whose posture, an entry of a section concerns.
_HEADS = {
    "process": ("file", "file"),
    "file": ("file", "file"),
    "network": ("network", "network"),
    "capabilities": ("capability", "capabilities"),
}


def lines_at_most(policies: Iterable[Policy]) -> int:
    """A bound of the lines that the profiles of some policies have: each source has all rules."""
    found = rules(tuple(policies))
    sources = {source for rule in found for source in rule.entry.sources}
    nested = sum(rule.entry.section == "process" and rule.entry.action == ALLOW for rule in found)
    return (1 + len(sources) * (1 + nested)) * (2 * len(found) + _FIXED)


def bodies(policies: Iterable[Policy], posture: Posture) -> Bodies:
    """The rules that some policies give to the AppArmor enforcer."""
    policies = tuple(policies)
    top, sources = Body(), dict[str, Body]()
    for rule in rules(policies):
        _take(rule, posture, top, sources)
    count = top.count()
    for source in sources:  # what starts a source's profile cannot be a rule besides
        top.rules["process"].pop(source, None)
    merged = {source: _with_top(body, top) for source, body in sorted(sources.items())}
    count += sum(body.count() for body in merged.values())
    return Bodies(top, merged, tuple(_native(policies)), count)


def name_of(entry: Entry) -> str:
    """The name by which the enforcer knows what an entry names."""
    if entry.match == "execname":
        return f"/**/{entry.value}"
    if entry.match == "protocol":
        name = entry.value.lower()
        return "icmp" if name == "icmpv6" else name  # the one word that AppArmor has for both
    return entry.value


def _native(policies: Iterable[Policy]) -> Iterator[tuple[str, Policy]]:
    for policy in policies:
        if not policy.host:  # the raw text of a host policy is lost
            for line in policy.apparmor.splitlines():
                yield line.strip(), policy


def _take(rule: Rule, posture: Posture, top: Body, sources: dict[str, Body]) -> None:
    entry = rule.entry
    if entry.action not in (ALLOW, BLOCK) or entry.section not in _HEADS:
        return
    if entry.match == "domain":
        return  # AppArmor has no rules for names of hosts
    kind: Kind = entry.section  # type: ignore[assignment]  # one of KINDS, as `_HEADS` says
    head, name = _HEADS[entry.section]
    blocked = entry.action == ALLOW and getattr(posture, name) == "block"
    access = _access(rule)
    if blocked:
        top.heads[head] = False
    if entry.match == "pattern":
        top.rules[kind].setdefault(name_of(entry), access)
        return
    if not entry.sources:
        _add(top.rules[kind], name_of(entry), access)
    for source in entry.sources:
        body = sources.setdefault(source, Body())
        if blocked:
            body.heads[head] = False
        _add(body.rules[kind], name_of(entry), access)


def _access(rule: Rule) -> Access:
    entry = rule.entry
    return Access(
        allow=entry.action == ALLOW,
        deny=entry.action == BLOCK,
        directory=entry.match == "dir",
        recursive=entry.match == "dir" and entry.recursive,
        owner_only=entry.owner_only,
        read_only=entry.read_only,
        rules=(rule,),
    )


def _add(names: dict[str, Access], name: str, access: Access) -> None:
    known = names.get(name)
    if known is None:
        names[name] = access
    elif known.deny != access.deny:
        both = (*known.rules, *access.rules)
        names[name] = replace(access, allow=True, deny=True, rules=both)


def _with_top(body: Body, top: Body) -> Body:
    """A source's rules with those for all that it has no rule of its own for."""
    merged = Body(body.heads, {kind: dict(body.rules[kind]) for kind in KINDS})
    for kind in KINDS:
        own = body.rules[kind]
        for name, access in top.rules[kind].items():
            if kind in ("file", "process"):
                if not _covered(name, own):
                    merged.rules[kind][name] = access
            elif name not in own:
                merged.rules[kind][name] = access
    return merged


def _covered(path: str, own: dict[str, Access]) -> bool:
    """Whether a source has a rule for a path, or for a directory that holds it."""
    if path in own:
        return True
    parts = path.split("/")
    for depth in range(1, len(parts)):
        access = own.get("/".join(parts[:depth]) + "/")
        if access is None or not access.directory:
            continue
        if access.recursive or len(parts) - depth <= 1:
            return True
    return False
