"""Where executions lead, and the paths at which that may differ."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis.graph import Edge, RefusedExecution
from lsmc.analysis.rule_languages import RuleLanguage
from lsmc.automata.members import common
from lsmc.base.text import displayed
from lsmc.ir.decision import Decision
from lsmc.ir.mediation import Transition
from lsmc.modules.apparmor.decide.exec_transition import exec_mode, execution
from lsmc.modules.apparmor.decide.subjects import Profiles
from lsmc.modules.apparmor.graph.attachment_index import AttachmentScope
from lsmc.tables.records import ProfileRecord

#: Common paths that are tried of two languages that have endlessly many.
TRIES = 8


def attached_paths(
    rule: RuleLanguage, scope: AttachmentScope, count: int = TRIES
) -> Iterator[bytes]:
    """Paths of a rule to which profiles attach: all that are listed, and `count` of each pattern.

    Those of a pattern are matched each in another way.
    """
    yield from rule.starting(scope.ordered)
    for one in scope.open:
        if one.prefix.startswith(rule.prefix) or rule.prefix.startswith(one.prefix):
            yield from common(one.table, rule.automaton(), count)


def taken(
    profiles: Profiles, record: ProfileRecord, decision: Decision, path: bytes
) -> tuple[str | None, bool]:
    """Where an execution leads, and whether by a fallback; nowhere when it is refused."""
    transition = decision.transition
    if transition is None:
        return None, False
    plain = transition._replace(inherit=False, unconfined=transition.kind == "unconfined")
    falls_back = transition.kind != "inherit" and plain != transition
    if falls_back:
        first = execution(profiles, record, decision._replace(transition=plain), path)
        if first is None or first.target is not None:
            return (first.target if first is not None else None), False
    found = execution(profiles, record, decision, path)
    return (found.target if found is not None else None), falls_back


def execution_edge(
    profiles: Profiles,
    record: ProfileRecord,
    rule: RuleLanguage,
    transition: Transition,
    path: bytes,
    won: tuple[bool, Decision],
    attached: str = "",
) -> Edge | RefusedExecution:
    """What a rule's transition does at a path, for the owner side and decision that it won.

    `attached` is the profile that attaches there, where it is known.
    """
    owner, decision = won
    number, mode = rule.facts.id, exec_mode(transition)
    target: str | None
    if attached and transition.kind != "stack" and decision.transition == transition:
        target, fallback = attached, False
    else:
        target, fallback = taken(profiles, record, decision, path)
    if target is None:
        return RefusedExecution(
            source=record.full_name, mode=mode, object=displayed(path), owner=owner, rule=number
        )
    return Edge(
        source=record.full_name,
        target=target,
        kind="exec",
        mode=mode,
        object=displayed(path),
        owner=owner,
        rule=number,
        fallback=fallback,
    )
