"""Answers questions from a bundle: the decisions of all accesses, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from lsmc.engine.verdict import Exec, RuleRef, Stay, Verdict
from lsmc.modules.smack.bundle import StoredRow, Tables
from lsmc.modules.smack.decision import Decision, decide, unreported
from lsmc.modules.smack.labels import BUILT_IN, FLOOR, HAT, STAR, TRANSMUTE, WEB, names
from lsmc.modules.smack.model import last_load
from lsmc.modules.smack.questions import Ask, Question, question, truth
from lsmc.tables.sections import Sections

#: Who gets a label by executing a file with the attribute.
_EXEC_LABEL = "SMACK64EXEC"


class Engine:
    """An open bundle; with `enforce` there is no unconfined label."""

    def __init__(self, data: bytes | memoryview, *, enforce: bool = False) -> None:
        self.tables = Tables(data)
        self.unconfined = "" if enforce else self.tables.unconfined
        self.onlycap = self.tables.onlycap

    @property
    def bundle(self) -> Sections:
        """The sections of the bundle."""
        return self.tables.sections

    @cached_property
    def subjects(self) -> tuple[str, ...]:
        """The labels that a task can have, of those that the policy names or the kernel knows."""
        return tuple(sorted({*self.tables.labels, FLOOR, HAT} - {STAR, WEB}))

    def find(self, name: str) -> str | None:
        """The label of a name that the policy, or the kernel, knows; None for another."""
        return name if name in BUILT_IN or name in self.tables.number else None

    def access(self, subject: str, obj: str) -> int | None:
        """The access that the rule of a pair gives, None without a rule."""
        pair = self.tables.pair(subject, obj)
        return None if pair is None else self.tables.access[pair]

    def rows(self, subject: str, obj: str) -> list[StoredRow]:
        """The rows of a pair, in the order of loading."""
        pair = self.tables.pair(subject, obj)
        return [] if pair is None else self.tables.rows(pair)


class Answer(NamedTuple):
    """The decision on each access of a question, in order."""

    question: Question
    decisions: tuple[Decision, ...]

    @property
    def pairs(self) -> Iterator[tuple[Ask, Decision]]:
        """Each access with its decision."""
        return zip(self.question.accesses, self.decisions, strict=True)

    @property
    def refused(self) -> tuple[Ask, Decision] | None:
        """The first access that is refused."""
        return next(((ask, one) for ask, one in self.pairs if not one.allowed), None)

    @property
    def reported(self) -> tuple[Ask, Decision] | None:
        """The first access that is let through for the sake of the unconfined label."""
        return next(((ask, one) for ask, one in self.pairs if one.unconfined), None)


def answered(engine: Engine, asked: Question) -> Answer:
    """The decisions on a question."""
    task = asked.task(engine.onlycap)
    decisions = []
    for ask in asked.accesses:
        found = decide(
            *(ask.subject, ask.object, ask.bits, engine.access),
            unconfined=engine.unconfined,
            task=task,
        )
        decisions.append(unreported(found, ask.bits) if asked.asks.unreported else found)
    return Answer(asked, tuple(decisions))


def answer(engine: Engine, request: Mapping[str, Any]) -> Verdict:
    """The verdict of a request; raises `UnknownName`, `RequestError`, TypeError."""
    return verdict_of(engine, answered(engine, question(request)))


def verdict_of(engine: Engine, found: Answer) -> Verdict:
    """The verdict of an answer."""
    from lsmc.modules.smack.words import note_of

    asked = found.question
    perms = asked.asks.operation.perms
    rules = tuple(dict.fromkeys(_rules(engine, found)))
    note = note_of(engine, found)
    lacking = found.refused or found.reported
    if lacking is not None:
        missing = names(lacking[1].missing)
        granted = tuple(one for one in names(lacking[0].bits) if one not in missing)
        verdict = Verdict.deny(
            missing, explicit=False, audited=True, granted=granted, rules=rules, note=note
        )
        if found.refused is None:
            verdict = verdict._replace(allowed=True, decision="permissive")
        return verdict
    audited = any(one.bringup for one in found.decisions)
    verdict = Verdict.allow(perms, audited=audited, rules=rules, note=note)
    return verdict._replace(transition=_transition(asked))


def _rules(engine: Engine, found: Answer) -> Iterator[RuleRef]:
    """The rows that decided: those of the refused access, else those of all."""
    refused = found.refused
    for ask, decision in found.pairs if refused is None else (refused,):
        if decision.by in ("row", "reported"):
            yield from (row.ref for row in deciding(engine.rows(ask.subject, ask.object)))


def deciding(rows: list[StoredRow]) -> list[StoredRow]:
    """The rows of a pair that count: the last that sets all of the access, and changes after it."""
    return rows[last_load([row.change for row in rows]) :]


def _transition(asked: Question) -> Exec | None:
    """Under which label a program runs, where the question tells its attribute."""
    label = asked.fields.get("exec_label")
    if label is None or asked.asks.operation.name != "exec":
        return None
    if label == asked.subject:
        return Stay(_EXEC_LABEL, label, False, "inherit")
    return Exec(_EXEC_LABEL, label, False, None)


def new_label(engine: Engine, asked: Question) -> str:
    """The label of what is made in a directory, which may have the flag TRANSMUTE."""
    flagged = truth(asked.fields.get("transmute", False), "transmute")
    access = engine.access(asked.subject, asked.object) or 0
    return asked.object if flagged and access & TRANSMUTE else asked.subject


def answers(
    engine: Engine, requests: Iterable[Mapping[str, Any]], other: object
) -> Iterator[Verdict]:
    """The verdicts of many requests, in order; those that ask the same are answered once."""
    del other
    known: dict[tuple[str, str, str], Verdict] = {}
    for request in requests:
        key = _key(request)
        if key is None:
            yield answer(engine, request)
            continue
        verdict = known.get(key)
        if verdict is None:
            if len(known) >= _MOST_KNOWN:
                known.clear()
            verdict = known[key] = answer(engine, request)
        yield verdict


_MOST_KNOWN = 1 << 16
_PLAIN = frozenset(("subject", "op", "object", "owner"))


def _key(request: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """What tells apart requests without fields."""
    if not _PLAIN.issuperset(request):
        return None
    key = request.get("subject"), request.get("op"), request.get("object")
    return key if all(type(part) is str for part in key) else None  # type: ignore[return-value]
