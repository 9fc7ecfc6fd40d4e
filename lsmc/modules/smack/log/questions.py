"""Smack's records put to a policy: every record asks letters of a label.

What a task brings beside its label, its own rules and CAP_MAC_OVERRIDE, no record tells.
"""

from __future__ import annotations

from lsmc.explain.diagnosis import Asked, Decider, Questions, Request
from lsmc.explain.explanation import Explanation
from lsmc.modules.smack.answer import Engine
from lsmc.modules.smack.explain import explain
from lsmc.modules.smack.log.record import Record
from lsmc.modules.smack.questions import access_request


def _asked(policy: Engine, record: Record) -> Asked:
    del policy
    if record.subject is None or record.object is None or record.mask is None:
        return Asked((), (), "the record names no labels")
    request = access_request(record.subject, record.mask, record.object)
    return Asked((record.subject,), (request,))


def _knows(policy: Engine, subject: str) -> bool:
    """Any label is one, whether a rule names it or not."""
    del policy, subject
    return True


def _explain(policy: Engine, request: Request, operation: str) -> Explanation:
    del operation
    return explain(policy, request)


def _lacking(policy: Engine, record: Record, subject: str, by: Decider) -> str:
    del policy, record, subject, by
    return ""


QUESTIONS = Questions(
    asked=_asked,
    knows=_knows,
    explain=_explain,
    elsewhere=lambda _record: "",
    origin=lambda _subject: "",
    lacking=_lacking,
)
