"""Which Audit entries an access meets: they change no decision, an alert tells of it.

`matchPatterns` with Audit are left out: KubeArmor's monitor reads them as expressions of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lsmc.modules.kubearmor.bpf.maps import PROTOCOL, TYPE, capability_number, protocol_key
from lsmc.modules.kubearmor.policy import AUDIT, Entry, Policy, Rule, rules
from lsmc.modules.kubearmor.questions import Asked

_SECTIONS = {"capability": "capabilities", "domain": "network"}


def audits(policies: Iterable[Policy], asked: Asked) -> Iterator[Rule]:
    """The Audit entries that name an access."""
    section = _SECTIONS.get(asked.operation.cls, asked.operation.cls)
    for rule in rules(tuple(policies)):
        entry = rule.entry
        if entry.action != AUDIT or entry.section != section:
            continue
        if (not entry.sources or asked.source in entry.sources) and _names(entry, asked):
            yield rule


def _names(entry: Entry, asked: Asked) -> bool:
    if entry.match == "path":
        return entry.value == asked.object
    if entry.match == "execname":
        return entry.value == asked.object.rpartition("/")[2]
    if entry.match == "dir":
        head, _, _ = asked.object.rpartition("/")
        inside = f"{head}/".startswith(entry.value)
        return inside if entry.recursive else f"{head}/" == entry.value
    if entry.match == "capability":
        return capability_number(entry.value) == capability_number(asked.object)
    if entry.match == "protocol" and asked.socket is not None:
        keys = ((TYPE, asked.socket.type), (PROTOCOL, asked.socket.protocol))
        return protocol_key(entry.value) in keys
    if entry.match == "domain":
        name = entry.value.strip(".")
        return asked.object == name or asked.object.endswith(f".{name}")
    return False
