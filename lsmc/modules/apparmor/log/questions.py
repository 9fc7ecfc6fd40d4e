"""AppArmor's records put to a policy: what was lacking when they were written."""

from __future__ import annotations

from lsmc.base.text import encode
from lsmc.engine.verdict import RequestError, UnknownName
from lsmc.explain.diagnosis import Asked, Decider, Questions
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.explain.reasons import explain_request
from lsmc.modules.apparmor.log.learning import followed
from lsmc.modules.apparmor.log.record import Record
from lsmc.modules.apparmor.log.request import asked
from lsmc.modules.apparmor.log.subjects import namespace
from lsmc.modules.apparmor.origins import origin

#: What the kernel says of a name that was not found, and the flag that helps.
_FLAGS = {"deleted entry": "mediate_deleted", "disconnected path": "attach_disconnected"}


def _asked(policy: Engine, record: Record) -> Asked:
    return followed(policy, asked(record))


def _knows(policy: Engine, subject: str) -> bool:
    try:
        return bool(policy.tables.components(subject))
    except (UnknownName, RequestError):
        return False


def _elsewhere(record: Record) -> str:
    """Where the profile of a record belongs, if not to the root of policy namespaces."""
    space = namespace(record)
    if not space:
        return ""
    return (
        f"the profile belongs to the policy namespace {space}, as that of a container: the"
        " policy of that namespace answers for it, not that of the host"
    )


def _lacking(policy: Engine, record: Record, subject: str, by: Decider) -> str:
    """What this policy has of that which was lacking when a record was written."""
    if by == "loaded" and (target := (record.name2 or record.name or "").removeprefix("&")):
        if _knows(policy, target):
            return "these files have it: load them"
        return "these files do not have it either"
    if clash := _clash(policy, record):
        return clash
    flag = next((flag for word, flag in _FLAGS.items() if word in (record.info or "")), "")
    profile = policy.tables.find(subject)
    if by != "name" or not flag or profile is None:
        return ""
    if flag in dict(profile.settings):
        return "these files give the profile that flag: another policy was running, load these"
    place = policy.bundle.place(profile.place)
    return f"the profile is at {place.file}:{place.line}"


def _clash(policy: Engine, record: Record) -> str:
    """The profiles of this policy that attach to what was executed, where the kernel took none."""
    if not (record.info or "").startswith("conflicting profile attachments") or not record.name:
        return ""
    path, find = encode(record.name), policy.tables.attachments.find
    clashing = find(path)[1] or find(path, parent=record.profile or "")[1]
    names = " and ".join(f"`{profile.full_name}`" for profile in clashing)
    return f"in these files {names} do" if names else ""


QUESTIONS = Questions(
    asked=_asked,
    knows=_knows,
    explain=explain_request,
    elsewhere=_elsewhere,
    origin=origin,
    lacking=_lacking,
)
