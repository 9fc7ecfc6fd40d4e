"""KubeArmor's alerts put to a policy."""

from __future__ import annotations

from lsmc.explain.diagnosis import Asked, Decider, Questions, Request
from lsmc.explain.explanation import Explanation
from lsmc.modules.kubearmor.engine import Engine
from lsmc.modules.kubearmor.explain import explain
from lsmc.modules.kubearmor.log.record import Record
from lsmc.modules.kubearmor.log.request import question


def _asked(policy: Engine, record: Record) -> Asked:
    del policy
    request, reason = question(record)
    if request is None or record.subject is None:
        return Asked((), (), reason)
    return Asked((record.subject,), (request,))


def _knows(policy: Engine, subject: str) -> bool:
    return policy.find(subject) is not None


def _explain(policy: Engine, request: Request, operation: str) -> Explanation:
    del operation
    return explain(policy.confinements, request)


def _lacking(policy: Engine, record: Record, subject: str, by: Decider) -> str:
    del policy, record, subject, by
    return ""


QUESTIONS = Questions(
    asked=_asked,
    knows=_knows,
    explain=_explain,
    elsewhere=lambda _record: "",
    origin=lambda subject: f"no policy selects {subject}: give all policies of the namespace",
    lacking=_lacking,
)
