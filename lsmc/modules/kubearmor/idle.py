"""Why an entry does nothing under an enforcer, of the entries that name what is asked for."""

from __future__ import annotations

import re

from lsmc.modules.kubearmor.policy import ACTIONS, ALLOW, AUDIT, Entry
from lsmc.modules.kubearmor.questions import Enforcer

#: A name with one of these is taken for a pattern by the AppArmor template.
GLOB = re.compile(r"[\[*+?$|]")


def idle(entry: Entry, enforcer: Enforcer) -> str:
    """Why an entry is not enforced, in words; empty if it is."""
    if entry.action == AUDIT:
        return "Audit only logs"
    if entry.action not in ACTIONS:
        return f"`{entry.action}` is no action: KubeArmor knows {', '.join(ACTIONS)}"
    if entry.section == "syscalls":
        return "system calls are audited only"
    if entry.section == "device":
        return "devices are decided apart, by KubeArmor's USB handler"
    if enforcer == "bpf" and entry.match == "pattern":
        return "BPF has no matchPatterns"
    if enforcer == "apparmor":
        return _apparmor(entry)
    return ""


def _apparmor(entry: Entry) -> str:
    if entry.match == "domain":
        return "AppArmor has no rules for names of hosts"
    if entry.section != "process" or entry.action != ALLOW:
        return ""
    glob = entry.match == "execname" or GLOB.search(entry.value) is not None
    if glob and not entry.sources:
        return "an Allow with a pattern is left out of the AppArmor profile"
    if entry.match == "dir" and entry.sources:
        return "an Allow of a directory is left out of a source's AppArmor profile"
    return ""
