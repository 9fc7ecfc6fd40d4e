"""TOMOYO's records put to a policy: a record asks for the line that it holds."""

from __future__ import annotations

from lsmc.explain.diagnosis import Asked, Decider, Questions, Request
from lsmc.explain.explanation import Explanation
from lsmc.modules.tomoyo.engine import TomoyoEngine
from lsmc.modules.tomoyo.explain import explain
from lsmc.modules.tomoyo.heirs import made_domain
from lsmc.modules.tomoyo.log.record import Record


def _asked(policy: TomoyoEngine, record: Record) -> Asked:
    del policy
    if record.domain is None or record.request is None or record.event_type == "NOTE":
        return Asked((), (), record.remark or "the record asks for nothing")
    request = {
        "subject": record.domain,
        "op": record.operation,
        "object": record.object,
        "attributes": record.header,
    }
    return Asked((record.domain,), (request,))


def _knows(policy: TomoyoEngine, subject: str) -> bool:
    return policy.find(subject) is not None or made_domain(policy, subject) is not None


def _explain(policy: TomoyoEngine, request: Request, operation: str) -> Explanation:
    del operation
    return explain(policy, request)


def _origin(subject: str) -> str:
    before, _, program = subject.rpartition(" ")
    if not before:
        return f"define the name space `{subject}`"
    return (
        f"the kernel makes it when `{program}` runs in `{before}`, which this policy does not let"
    )


def _lacking(policy: TomoyoEngine, record: Record, subject: str, by: Decider) -> str:
    del policy, record, subject, by
    return ""


QUESTIONS = Questions(
    asked=_asked,
    knows=_knows,
    explain=_explain,
    elsewhere=lambda _record: "",
    origin=_origin,
    lacking=_lacking,
)
