"""SELinux's records put to a policy: the access that was refused, with the path of its object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lsmc.explain.diagnosis import Asked, Decider, Questions
from lsmc.modules.selinux.log.record import Record
from lsmc.modules.selinux.questions import InvalidContext

if TYPE_CHECKING:
    from lsmc.explain.explanation import Explanation
    from lsmc.modules.selinux.engine import Engine


def _asked(policy: Engine, record: Record) -> Asked:
    subjects = (record.scontext,) if record.scontext else ()
    label = record.field("invalid_context")
    if isinstance(label, str):
        return Asked(subjects, (), reason=_why_invalid(policy, record, label), by="kernel")
    if not record.scontext or not record.tcontext or record.operation is None:
        said = record.field("op")
        return Asked(subjects, (), reason=f"the kernel refused `{said}`" if said else "")
    request: dict[str, Any] = {
        "subject": record.scontext,
        "op": record.operation,
        "object": record.tcontext,
    }
    number = record.field("ioctlcmd")
    if "ioctl" in record.perms and isinstance(number, str):
        request["ioctl"] = number
    if record.path is not None:
        request["path"] = record.path
    return Asked(subjects, (request,))


def _why_invalid(policy: Engine, record: Record, label: str) -> str:
    """Why the kernel did not accept a context, by this policy."""
    what = {
        "security_compute_sid": "the new object or process would get",
        "setxattr": "a label was to be set that is",
    }.get(str(record.field("op")), "the kernel met")
    try:
        policy.context(label)
    except InvalidContext as fault:
        return f"{what}: {fault}"
    return f"{what} `{label}`, which is valid in this policy: load it"


def _knows(_policy: Engine, _subject: str) -> bool:
    """Every context is judged: of one that is not valid the answer says why."""
    return True


def _explain(policy: Engine, request: Mapping[str, Any], _operation: str) -> Explanation:
    from lsmc.modules.selinux.explain.explain import explain

    return explain(policy, request)


def _elsewhere(_record: Record) -> str:
    return ""


def _origin(_subject: str) -> str:
    return "install the module that declares it"


def _lacking(_policy: Engine, record: Record, _subject: str, _by: Decider) -> str:
    """What the object's label was, where the running policy did not know it."""
    return record.remark if record.raw_tcontext or record.raw_scontext else ""


QUESTIONS = Questions(
    asked=_asked,
    knows=_knows,
    explain=_explain,
    elsewhere=_elsewhere,
    origin=_origin,
    lacking=_lacking,
)
