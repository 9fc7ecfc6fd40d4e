"""Which profile follows an execution (`profile_transition` in the kernel's domain.c)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from lsmc.engine.verdict import UNCONFINED, Exec, Stay
from lsmc.ir.decision import ALLOW, Decision, Facts
from lsmc.ir.mediation import Transition
from lsmc.ir.model import qualified
from lsmc.modules.apparmor.classes import EXECUTE
from lsmc.modules.apparmor.decide.subjects import Profiles
from lsmc.tables.records import ProfileRecord


def execution(
    profiles: Profiles, profile: ProfileRecord, decision: Decision, path: bytes
) -> Exec | None:
    """What executing a path does under a decision of the file class."""
    transition = decision.transition
    if transition is None or not decision.allow & EXECUTE:
        return None
    fallback: Literal["inherit", "unconfined"] | None = None
    if transition.kind != "inherit" and transition.inherit:
        fallback = "inherit"
    elif transition.unconfined:
        fallback = "unconfined"
    target = _target(profiles, profile, transition, path)
    inherits = transition.kind == "inherit"
    if target is None and fallback is not None:
        target = profile.full_name if fallback == "inherit" else UNCONFINED
        inherits = fallback == "inherit"
    if transition.kind == "stack" and target is not None:
        # on top of what follows without it, the fallback too; without it there is no fallback
        added = _named(profiles, transition.name[1:], profile.namespace)
        if added != target:
            target = f"{target}//&{added}" if added is not None else None
    stays = inherits and target == profile.full_name
    outcome = Stay if stays else Exec
    return outcome(exec_mode(transition), target, transition.unsafe, fallback)


def _target(
    profiles: Profiles, profile: ProfileRecord, transition: Transition, path: bytes
) -> str | None:
    namespace = profile.namespace
    match transition.kind:
        case "inherit":
            return profile.full_name
        case "unconfined":
            return UNCONFINED
        case "attach" | "stack":
            found, _ = profiles.attachments.find(path, namespace=namespace)
            return found.full_name if found else None
        case "attach-child":
            found, _ = profiles.attachments.find(path, parent=profile.name, namespace=namespace)
            return found.full_name if found else None
        case "child":
            return _named(profiles, profile.child(transition.name), namespace)
    return _named(profiles, transition.name, namespace)


def _named(profiles: Profiles, name: str, namespace: str) -> str | None:
    """A target by name: every component of a stack must exist."""
    parts = []
    for part in name.split("//&"):
        if part == UNCONFINED:
            parts.append(part)
            continue
        full = part if part.startswith(":") else qualified(namespace, part)
        found = profiles.find(full)
        if found is None:
            return None
        parts.append(found.full_name)
    return "//&".join(parts)


def at_next_exec(profile: ProfileRecord, target: str, matched: Iterable[Facts]) -> Exec:
    """What change_onexec leads to: one rule that keeps the environment is enough."""
    unsafe = any(
        rule.effect == ALLOW and rule.transition is not None and rule.transition.unsafe
        for rule in matched
    )
    if target.startswith("&"):
        target = f"{profile.full_name}//{target}"
    return Exec("change_profile", target, unsafe, None)


def exec_mode(transition: Transition) -> str:
    """The mode of a transition as it is written in a rule."""
    if transition.kind == "inherit":
        return "ix"
    if transition.kind == "unconfined":
        return "ux" if transition.unsafe else "Ux"
    letter = "c" if transition.kind in ("attach-child", "child") else "p"
    fallback = "i" if transition.inherit else "u" if transition.unconfined else ""
    return (letter if transition.unsafe else letter.upper()) + fallback + "x"


def transition_text(transition: Transition) -> str:
    """A transition as it is written in a rule."""
    mode = exec_mode(transition)
    return f"{mode} -> {transition.name}" if transition.name else mode


def destination(transition: Transition | None, profile: ProfileRecord) -> Transition | None:
    """A transition to a named child as one to its full name, which the kernel cannot tell apart."""
    if transition is not None and transition.kind == "child":
        return transition._replace(kind="profile", name=profile.child(transition.name))
    return transition


def may_leave(transition: Transition) -> bool:
    """Whether a program that is executed may run unconfined, at once or as the fallback."""
    return transition.kind == "unconfined" or transition.unconfined


def looser(before: Transition, after: Transition) -> int:
    """Above 0 where a transition leaves a program freer than another does, below 0 where less free.

    To run unconfined is freer than to run under any profile; of two that lead to the same profile,
    the one that keeps the environment is freer.  Two profiles are not compared here: 0.
    """
    leaves = [may_leave(t) for t in (before, after)]
    if leaves[0] != leaves[1]:
        return leaves[1] - leaves[0]
    if before._replace(unsafe=after.unsafe) == after:
        return after.unsafe - before.unsafe
    return 0
