"""Why an entry does nothing under an enforcer, of the entries that name what is asked for."""

from __future__ import annotations

from lsmc.modules.kubearmor.apparmor.profile import GLOB
from lsmc.modules.kubearmor.apparmor.rules import name_of
from lsmc.modules.kubearmor.policy import ACTIONS, ALLOW, AUDIT, Entry
from lsmc.modules.kubearmor.questions import Enforcer


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
    if GLOB.search(name_of(entry)) is not None and not entry.sources:
        return "an Allow with a pattern is left out of the AppArmor profile"
    if entry.match == "dir" and entry.sources:
        return "an Allow of a directory is left out of a source's AppArmor profile"
    return ""
