"""What the kernel means by `info=`: who decided, in words that say what helps.

A record with `info=` says more than that an access was refused. Some of these texts come from the
rules (a mount rule that fits but for its flags), many from elsewhere: the rules allowed an
execution and no_new_privs forbade the change of profile, or a file had no name that rules could be
held against. Then no rule helps, and what this policy says to the access is beside the point.

The texts are those of security/apparmor/*.c of Linux 4.15 to 7.0 (domain.c, path.c, file.c,
mount.c, net.c, af_unix.c, capability.c, resource.c, lsm.c, policy.c, policy_unpack.c) and of
Ubuntu's kernels. The kernel writes `error=` beside them, a negative errno; a refusal by rules is
EACCES (13), but EPERM for a capability.
"""

from __future__ import annotations

import errno
import re
from typing import NamedTuple

from lsmc.explain.diagnosis import Decider
from lsmc.modules.apparmor.log.record import Record


class Info(NamedTuple):
    """What a text of the kernel means, and who decided.

    `says` has places in braces, which `meaning` fills from the record; `asks` is False where there
    is nothing to ask a policy.
    """

    by: Decider
    says: str
    asks: bool = False


def _rules(says: str) -> Info:
    return Info("rules", says, True)


_MEMORY = Info("kernel", "the kernel was out of memory when it made a profile for the task")
_HATS = "the loaded profile has no hat of that name: add the hat, or load the profile that has it"
_CLASH = "several profiles attach to {name} with equal rank, so that the kernel took none of them"
_MEND = ": make one attachment more exact, or take one profile away"
_USERNS = (
    "the program has no profile, and such a program may make a user namespace only {under}: give it"
    " a profile of its own that attaches to its path and has the rule `userns,`{profile}"
    " (the sysctl kernel.apparmor_restrict_unprivileged_userns=0 ends the restriction for all"
    " programs)"
)
_LOAD = "this is about loading policy, which no rule of a profile decides: "

_ATTRIBUTE = Info(
    "kernel",
    "the task asked for a profile by /proc/PID/attr/ in words that the kernel does not know: a"
    " fault of the program, or a program for another version of AppArmor",
)

#: By the text between the quotes of `info=`.
INFOS: dict[str, Info] = {
    # executing, in domain.c
    "no new privs": Info(
        "kernel",
        "the task has no_new_privs (from systemd's NoNewPrivileges= or its other sandboxing,"
        " bubblewrap, a container), which forbids a change to a profile that is not a subset of"
        " the one before; the rules are not at fault. Execute it with `ix`, stack the profile with"
        " `Px -> &{other}` (`change_profile -> &{other}` for a task that changes by itself), or"
        " start the task without no_new_privs",
    ),
    "profile transition not found": Info(
        "loaded",
        "the rules let {name} be executed, but the profile that it should run under"
        " was not loaded{target}",
        True,
    ),
    "profile not found": Info(
        "loaded",
        "the rules let {name} be executed, but the profile that it should run under"
        " was not loaded{target}",
        True,
    ),
    "ptrace prevents transition": Info(
        "kernel",
        "a tracer follows the task, and the tracer's profile may not trace the profile that the"
        " task would change to{target}: add `ptrace trace peer={other},` to the profile of the"
        " tracer, or do not trace the task",
    ),
    "conflicting profile attachments": Info("kernel", _CLASH + _MEND),
    "conflicting profile attachments - ix fallback": Info(
        "kernel", f"{_CLASH}, and it ran under the profile that executed it (`ix`){_MEND}"
    ),
    "conflicting profile attachments - ux fallback": Info(
        "kernel", f"{_CLASH}, and it ran unconfined (`ux`){_MEND}"
    ),
    "ix fallback": _rules(
        "the profile that the rule leads to was not loaded, or none attaches to {name}, so that it"
        " ran under the profile that executed it (`ix`)"
    ),
    "ux fallback": _rules(
        "the profile that the rule leads to was not loaded, or none attaches to {name}, so that it"
        " ran unconfined (`ux`)"
    ),
    "change_profile onexec": _rules(
        "the task had asked for another profile on its next execution{target}"
    ),
    "no change_onexec valid for executable": _rules(
        "the task had asked for another profile on its next execution{target}, and no"
        " `change_profile` rule names {name} as what it may execute then"
    ),
    "could not create null profile": _MEMORY,
    "failed null profile create": _MEMORY,
    "failed to build target label": _MEMORY,
    "label build failed": _MEMORY,
    # changing the profile, in domain.c
    "label not found": Info(
        "loaded", "there was no profile {wanted} to change to: it was not loaded"
    ),
    "change_profile unprivileged unconfined converted to stacking": Info(
        "kernel",
        "an unconfined task without privileges may not leave its state, so the kernel stacked the"
        " profile on it: the task is confined by both (the sysctl"
        " kernel.apparmor_restrict_unprivileged_unconfined)",
    ),
    "not a single threaded task": Info(
        "kernel", "a task of several threads may not change its profile: change it before the first"
    ),
    # hats, in domain.c
    "hat not found": Info("loaded", _HATS, True),
    "no hats defined": Info("loaded", _HATS, True),
    "target not hat": Info(
        "loaded", "{wanted} is a child profile, not a hat: write it as `hat NAME` or `^NAME`", True
    ),
    "conflicting target types": Info(
        "kernel", "of the profiles that confine the task some are hats and others are not"
    ),
    "conflicting targets types": Info(
        "kernel", "of the profiles that confine the task some are hats and others are not"
    ),
    "unconfined can not change_hat": Info("kernel", "an unconfined process has no hats"),
    "failed token match": Info(
        "kernel",
        "the task left its hat with another token than it entered it with, for which the kernel"
        " kills it: a fault of the program, or an attack",
    ),
    # path.c
    "Failed name lookup - deleted entry": Info(
        "name",
        "the file was deleted or never had a name (O_TMPFILE, a program that an update replaced),"
        " so that there was no path to hold against the rules: no rule helps,"
        " `flags=(mediate_deleted)` judges it by the name that it had",
    ),
    "Failed name lookup - disconnected path": Info(
        "name",
        "a disconnected path, which the root directory of the task does not lead to (a file of"
        " another mount namespace, or of a file system that was unmounted): no rule helps,"
        " `flags=(attach_disconnected)` may",
    ),
    "Failed name lookup - disconnected IPC path": Info(
        "name",
        "a message queue of another IPC namespace, which has no name here:"
        " `flags=(attach_disconnected.ipc)` may help, beside a rule",
        True,
    ),
    "Failed name lookup - name too long": Info(
        "name",
        "the path is longer than the kernel's limit for names in AppArmor: no rule helps, a higher"
        " boot parameter apparmor.path_max (8192) does",
    ),
    "Failed name lookup": Info(
        "name", "the kernel could not find the name of the file, so that it asked no rule"
    ),
    # file.c
    "target restricted": _rules(
        "the profile has `l` for the new name {name}, but no rule lets it be a link{to}"
    ),
    "link not subset of target": _rules(
        "the new name {name} would be executed in another way than its target{to}: give both the"
        " same mode of execution, or put a `link` rule without `subset` in the place of the rule"
        " that has `l` for {name}"
    ),
    # mount.c: each text says that the fields before it fit
    "failed mntpnt match": _rules("no mount rule that was loaded has the mount point {name}"),
    "failed srcname match": _rules(
        "a mount rule that was loaded has the mount point {name}, but none of those has the source"
    ),
    "failed type match": _rules(
        "rules that were loaded agree with it up to the type, and none of those has the type"
    ),
    "failed flags match": _rules(
        "rules that were loaded agree with it in mount point, source and type of file system, and"
        " none of those has exactly these flags"
    ),
    "failed data match": _rules(
        "rules that were loaded agree with it in all but the data of the mount"
    ),
    "failed perms check": _rules(
        "rules that were loaded agree with it in all fields, but do not allow it"
    ),
    # net.c and af_unix.c
    "failed af match": _rules("no rule that was loaded has the address family of the socket"),
    "failed protocol match": _rules("no rule that was loaded has the protocol of the socket"),
    "failed type and protocol match": _rules(
        "no rule that was loaded has the type and protocol of the socket"
    ),
    "failed local address match": _rules(
        "rules that were loaded agree with the type of the socket, and none of those has its"
        " address"
    ),
    "failed local label match": _rules("no rule that was loaded has the label of the socket"),
    "failed cmd selection match": _rules(
        "rules that were loaded agree with the socket, and none of those has what was done with it"
    ),
    "failed listen backlog match": _rules("no rule that was loaded has the length of the queue"),
    "failed sockopt match": _rules("no rule that was loaded has the option of the socket"),
    "failed peer address match": _rules(
        "rules that were loaded agree with the socket, and none of those has the address of the"
        " peer"
    ),
    "failed peer label match": _rules(
        "rules that were loaded agree with the socket and the address of the peer, and none of"
        " those has the profile of the peer"
    ),
    # capability.c
    "optional: no audit": _rules(
        "the kernel only tries this capability, and does what was asked in another way without it:"
        " the profile needs it only where that is not enough"
    ),
    # lsm.c: what a task writes to /proc/PID/attr/
    "current": _ATTRIBUTE,
    "exec": _ATTRIBUTE,
    "invalid": _ATTRIBUTE,
    # resource.c
    "cap_sys_resource": _rules(
        "to set the limits of a task under another profile takes `capability sys_resource,`"
    ),
    # Ubuntu's restriction of user namespaces
    "Userns create - transitioning profile": Info(
        "kernel", _USERNS.replace("{under}", "under the profile `{wanted}`"), True
    ),
    "Userns create restricted - failed to find unprivileged_userns profile": Info(
        "kernel",
        _USERNS.replace("{under}", "under the profile `unprivileged_userns`, which was not loaded"),
        True,
    ),
    "User namespace creation restricted": Info(
        "kernel", _USERNS.replace("{under}", "with privileges"), True
    ),
    # policy.c and policy_unpack.c
    "policy_locked": Info("kernel", f"{_LOAD}policy is locked until the next boot"),
    "not policy admin": Info("kernel", f"{_LOAD}it takes CAP_MAC_ADMIN in this namespace"),
    "profile can not be replaced": Info("kernel", f"{_LOAD}the loaded profile stays as it is"),
    "cannot replace immutable profile": Info("kernel", f"{_LOAD}the profile is immutable"),
    "cannot replace immutible profile": Info("kernel", f"{_LOAD}the profile is immutable"),
    "profile already exists": Info("kernel", f"{_LOAD}replace the profile instead of adding it"),
    "parent does not exist": Info("kernel", f"{_LOAD}the parent of the profile is not loaded"),
    "profile does not exist": Info("kernel", f"{_LOAD}there is no such profile to remove"),
    "no profile specified": Info("kernel", f"{_LOAD}the request names no profile"),
    "namespace does not exist": Info("kernel", f"{_LOAD}there is no such policy namespace"),
    "same as current profile, skipping": Info("kernel", f"{_LOAD}the same is loaded already"),
    "failed to unpack profile": Info("kernel", f"{_LOAD}the compiled policy is damaged"),
    "invalid profile format": Info("kernel", f"{_LOAD}what was given is not compiled policy"),
    "unsupported interface version": Info(
        "kernel", f"{_LOAD}the policy was compiled for another version of the kernel's interface"
    ),
}
#: A profile that the kernel gives to programs that have none (Ubuntu since 23.10).
_GIVEN = "unprivileged_userns"
_UNMATCHED = re.compile(r"failed (.{1,60}) (?:match|check)")
_UNPACKING = re.compile(r"(?:failed to (?:unpack|remap|convert|insert)|bad|missing|invalid) .*")
_ACCESS = errno.EACCES
#: A path that needs no quotes in policy.
_PLAIN = re.compile(r"/[A-Za-z0-9/_.+-]+")
_PLACE = re.compile(r"\{([a-z]+)\}")


def info_of(record: Record) -> Info | None:
    """What the kernel adds to a record, None where it adds nothing to a refusal by rules."""
    text = record.info or ""
    found = INFOS.get(text)
    if found is not None:
        return found
    if text.startswith("change_profile onexec"):
        return INFOS["change_profile onexec"]
    if text.startswith(("Userns create", "User namespace creation")):
        return INFOS["User namespace creation restricted"]
    if text.startswith("Failed name lookup"):
        return INFOS["Failed name lookup"]
    if record.errorcode in (None, 0, _ACCESS):
        if match := _UNMATCHED.fullmatch(text):
            return _rules(f"no rule that was loaded agrees with the {match[1]} of it")
        return _rules("the kernel adds to it: {info}") if text else None
    if (record.operation or "").startswith("profile_") and _UNPACKING.fullmatch(text):
        return INFOS["failed to unpack profile"]
    return Info("kernel", "the rules did not decide it: the kernel gives {info} as its reason")


def meaning(record: Record) -> str:
    """What the kernel adds to a record, as a sentence; empty where it adds nothing."""
    found = info_of(record)
    if found is None:
        return ""
    target, path = record.name2, record.execpath or ""
    plain = _PLAIN.fullmatch(path)
    words = {
        "info": _reason(record),
        "profile": f", `profile {path} flags=(unconfined) {{ userns, }}`" if plain else "",
        "to": f" to {target}" if target else "",
        "target": f", {target}" if target else "",
        "wanted": target or record.name or "of that name",
        "name": record.name or "it",
        "other": target or "PROFILE",
    }
    return _PLACE.sub(lambda match: words[match[1]], found.says)


def given_profile(record: Record) -> str:
    """What to change for a task that the kernel put under a profile; empty for others."""
    if _GIVEN not in (record.profile or "").split("//&"):
        return ""
    return (
        f"the program has no profile of its own, and came under `{_GIVEN}` when it made a user"
        " namespace: give it a profile that attaches to its path and has the rule `userns,`,"
        " rather than change this one"
    )


def _reason(record: Record) -> str:
    """The kernel's own words, and the errno by its name."""
    quoted = f"`{record.info}`" if record.info else ""
    return " and ".join(part for part in (quoted, record.error_name) if part)
