"""Explains answers: what decided, rows that were replaced, rows that come close, the smallest row.

A row that comes close has the access that was asked for, but another label: if a file or a task had
that label, the request would succeed, so that it shows what a wrong label means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from lsmc.base.errors import did_you_mean
from lsmc.engine.verdict import RuleRef
from lsmc.explain.explanation import Explanation, Loser, Miss, Question, Reason, Suggestion
from lsmc.modules.smack.answer import Answer, Engine, answered, deciding, verdict_of
from lsmc.modules.smack.decision import BUILT_IN, Decision, granted_by
from lsmc.modules.smack.labels import BRINGUP, LOCK, WRITE, letters, names
from lsmc.modules.smack.questions import Ask, question

#: Labels that are compared to another.
_MOST_ALIKE = 2_000
#: Rows with another subject, and with another object, that are told.
_MOST_NEAR = 3


def explain(engine: Engine, request: Mapping[str, Any]) -> Explanation:
    """The verdict of a request with its reasons; raises as `answer` does."""
    found = answered(engine, question(request))
    lacking = found.refused or found.reported
    return Explanation(
        verdict=verdict_of(engine, found),
        request=_asked(engine, found),
        reasons=tuple(_reasons(engine, found)),
        misses=tuple(_misses(engine, *lacking)) if lacking is not None else (),
        suggestions=tuple(suggestions(engine, *lacking)) if lacking is not None else (),
        attaches=None,
    )


def _asked(engine: Engine, found: Answer) -> Question:
    asked = found.question
    operation = asked.asks.operation
    return Question(
        subject=asked.subject,
        op=operation.name,
        object=asked.object,
        owner=True,
        fields={name: str(value) for name, value in asked.fields.items()},
        cls=operation.cls,
        permissions=operation.perms,
        hook=operation.hook,
        profiles=(),
        about=tuple(_about(engine, found)),
    )


def _about(engine: Engine, found: Answer) -> Iterator[str]:
    """Who asks what of what, an access a line."""
    for ask in found.question.accesses:
        yield f"{ask.subject} asks {letters(ask.bits)} of {ask.field} {ask.object}"
    labels = (label for ask in found.question.accesses for label in (ask.subject, ask.object))
    for label in dict.fromkeys(labels):
        if engine.find(label) is None:
            known = engine.tables.labels[:_MOST_ALIKE]
            question = did_you_mean(label, known)
            yield f"no rule names the label `{label}`" + (f"; {question}" if question else "")
    outside = [f"{kind} ({count})" for kind, count in engine.tables.outside.items() if count]
    if outside:
        yield f"not judged: what packets carry, as {' and '.join(outside)} say"
    if engine.onlycap:
        yield f"CAP_MAC_OVERRIDE counts for {' '.join(sorted(engine.onlycap))} only (onlycap)"


def _reasons(engine: Engine, found: Answer) -> Iterator[Reason]:
    """What decided each letter of each access, by rows of the policy."""
    for ask, decision in found.pairs:
        rows = engine.rows(ask.subject, ask.object)
        if not rows or decision.by in BUILT_IN:
            continue
        counting = deciding(rows)
        refs = tuple(row.ref for row in counting)
        lost = tuple(Loser(row.ref, "allow", "later") for row in rows[: len(rows) - len(counting)])
        given = granted_by(engine.access(ask.subject, ask.object) or 0)
        for letter in names(ask.bits & given):
            yield Reason(ask.subject, ask.field, letter, "allow", refs, lost)


def _misses(engine: Engine, ask: Ask, decision: Decision) -> Iterator[Miss]:
    """The rows that do not allow a refused access: of the pair, then of other labels."""
    if decision.by in ("star-subject", "own-rules", "reported"):
        return
    given = names(granted_by(engine.access(ask.subject, ask.object) or 0))
    missing = names(decision.missing)
    for row in deciding(engine.rows(ask.subject, ask.object)):
        yield Miss("permission", row.ref, given, missing)
    for field, value, others in (
        ("object", ask.object, _others(engine, ask, by_subject=True)),
        ("subject", ask.subject, _others(engine, ask, by_subject=False)),
    ):
        for label, ref, access in others:
            yield Miss(
                *("label", ref, names(access), names(ask.bits)),
                field=field,
                value=value,
                example=label,
            )


def _others(engine: Engine, ask: Ask, *, by_subject: bool) -> list[tuple[str, RuleRef, int]]:
    """Labels for which rows of the same subject, or object, give the access; those alike first."""
    tables = engine.tables
    known = tables.number.get(ask.subject if by_subject else ask.object, -1)
    pairs, other, value = tables.pairs_of_subjects, tables.object_numbers, ask.object
    if not by_subject:
        pairs, other, value = tables.pairs_of_objects, tables.subject_numbers, ask.subject
    chosen = [
        (tables.labels[other[at]], at)
        for at in pairs.get(known, [])[:_MOST_ALIKE]
        if tables.access[at] and not ask.bits & ~granted_by(tables.access[at])
    ]
    if len(chosen) > _MOST_NEAR:
        chosen.sort(key=lambda found: (-_alike(found[0], value), found[0]))
    return [
        (label, deciding(tables.rows(at))[-1].ref, tables.access[at])
        for label, at in chosen[:_MOST_NEAR]
    ]


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).quick_ratio()


def suggestions(engine: Engine, ask: Ask, decision: Decision) -> Iterator[Suggestion]:
    """The smallest row that would allow a refused access, where a row can."""
    if decision.by not in ("row", "no-row"):
        return
    rows = engine.rows(ask.subject, ask.object)
    # an empty request needs an access that is not empty
    missing = decision.missing or BRINGUP
    if missing & WRITE:
        missing &= ~LOCK  # who may write may lock
    if not rows:
        file, line = _place(engine, ask)
        text = f"{ask.subject} {ask.object} {letters(missing)}"
        yield Suggestion(text, "", file, line, (), wish=ask)
        return
    last = rows[-1]
    text = f"{ask.subject} {ask.object} {letters(last.sets | missing)}"
    if last.change:
        text += f" {letters(last.clears & ~missing)}"
    yield Suggestion(
        *(text, "", last.place.file, last.place.line, ()),
        says=f"write `{text}` in place of `{last.place.text}`",
        kind="mend",
        replaces=last.ref,
        wish=ask,
    )


def _place(engine: Engine, ask: Ask) -> tuple[str, int]:
    """Where a new row for a pair belongs: behind the last row of a file with rows of the subject.

    Else of any file of rules; the order of rows of different pairs has no meaning.
    """
    tables = engine.tables
    own = tables.pairs_of_subjects.get(tables.number.get(ask.subject, -1), [])
    for at in reversed(own):
        for row in reversed(tables.rows(at)):
            if not row.change:
                return row.place.file, tables.last_lines[row.place.file]
    last = "".join(list(tables.last_lines)[-1:])
    return last, tables.last_lines.get(last, 0)
