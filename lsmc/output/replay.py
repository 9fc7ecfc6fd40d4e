"""What a changed policy would do to recorded accesses: for people, and as JSON lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from lsmc.base.text import counted
from lsmc.engine.verdict import RuleRef
from lsmc.explain.diagnosis import Diagnosis
from lsmc.explain.hazards import HAZARDS
from lsmc.explain.replay import CHANGES, Change, Replayed, Tally, deciding
from lsmc.output.causes import STATUS, what, when
from lsmc.output.json import Object
from lsmc.output.json import rule as rule_json
from lsmc.output.json import verdict as verdict_json
from lsmc.output.styled import Line, line, safe
from lsmc.output.verdict import names

#: What each change is called, and its role.
TITLES: dict[Change, tuple[str, str]] = {
    "newly-denied": ("newly denied", "bad"),
    "newly-allowed": ("newly allowed", "warn"),
    "no-answer": ("cannot be said", "dim"),
    "same": ("as before", "dim"),
}
#: Hosts and rules that are named in a line.
_FEW = 3


class Lines(NamedTuple):
    """What became of the lines of the logs, and of the records in them.

    `left_out` are records that an option left out, `statuses` those of no access.
    """

    used: int
    skipped: int
    broken: int
    left_out: int
    statuses: int

    @property
    def read(self) -> int:
        """The number of lines."""
        return self.used + self.skipped + self.broken


def replayed_json(one: Replayed) -> Object:
    """A cause with both answers as a JSON object."""
    cause = one.cause
    return {
        "count": cause.count,
        "first": when(cause.first),
        "last": when(cause.last),
        "hosts": dict(sorted(cause.hosts.counts.items())),
        "more_hosts": cause.hosts.more,
        "subject": one.old.subject or one.new.subject,
        "class": cause.cls,
        "operation": cause.record.operation,
        "object": cause.object,
        "sampled": one.sampled,
        "record": cause.record.to_json(),
        "old": _answer_json(one.old),
        "new": _answer_json(one.new),
        "change": one.change,
        "moved": list(one.moved) if one.moved else None,
        "rules": {
            "old": [rule_json(ref) for ref in deciding(one.old)],
            "new": [rule_json(ref) for ref in deciding(one.new)],
        },
        "notes": {"old": one.old.note, "new": one.new.note},
        "hazards": list(one.hazards),
    }


def _answer_json(one: Diagnosis) -> Object | None:
    return verdict_json(one.verdict) if one.verdict is not None else None


def summary_json(counts: Tally, lines: Lines) -> Object:
    """The last object: what became of every line and record."""
    return {
        "summary": {
            "lines": lines.read,
            "used": lines.used,
            "skipped": lines.skipped,
            "broken": lines.broken,
            "records": sum(counts.records.values()) + lines.left_out + lines.statuses,
            "judged": counts.judged,
            "no_profile": counts.no_profile,
            "no_question": counts.unasked,
            "left_out": lines.left_out,
            "statuses": lines.statuses,
            "let_through": counts.let_through,
            "changes": {
                change: {"causes": counts.causes[change], "records": counts.records[change]}
                for change in CHANGES
            },
        }
    }


def replay_lines(replayed: Sequence[Replayed]) -> Iterator[Line]:
    """The causes by their change, with the rules of each policy; those as before are counted."""
    order = sorted(replayed, key=lambda one: CHANGES.index(one.change))
    for change, some in groupby(order, key=lambda one: one.change):
        listed = [one for one in some if change != "same" or one.moved]
        if not listed:
            continue
        yield line((TITLES[change][0] if change != "same" else "other profile", "head"))
        if change == "no-answer":
            yield from _unanswered(listed)
        else:
            for one in listed:
                yield from _lines(one)
        yield line()


def _unanswered(listed: Sequence[Replayed]) -> Iterator[Line]:
    """The subjects whose accesses no policy judges, each with the reasons."""
    counts: Counter[tuple[str, str]] = Counter()
    for one in listed:
        notes = dict.fromkeys(filter(None, (one.old.note, one.new.note)))
        counts[_subject(one), "; ".join(notes)] += one.cause.count
    for (subject, note), count in sorted(counts.items(), key=lambda item: -item[1]):
        yield line((f"{count}x ", "dim"), safe(subject), f": {safe(note)}" if note else "")


def _subject(one: Replayed) -> str:
    return one.old.subject or one.new.subject or one.cause.record.subject or "(no profile)"


def _lines(one: Replayed) -> Iterator[Line]:
    cause = one.cause
    _, role = TITLES[one.change]
    yield line(
        (f"{cause.count}x ", role),
        f"{safe(_subject(one))} {safe(what(cause))} ",
        (safe(cause.object), "code"),
        (_where(one), "dim"),
    )
    for word, side in (("old", one.old), ("new", one.new)):
        yield line(f"  {word}: ", *_answer(side))
    if one.moved is not None:
        yield line(f"  runs as {safe(one.moved[1])}, was {safe(one.moved[0])}")
    for hazard in one.hazards:
        yield line("  ", ("warning: ", "warn"), HAZARDS[hazard])
    if one.sampled:
        yield line(("  these records have several objects: the first was judged", "dim"))


def _where(one: Replayed) -> str:
    hosts = sorted(one.cause.hosts.counts)
    if not hosts:
        return ""
    more = " and others" if one.cause.hosts.more or len(hosts) > _FEW else ""
    return f"  on {safe(', '.join(hosts[:_FEW]))}{more}"


def _answer(side: Diagnosis) -> Iterator[Any]:
    """The answer of a policy in a few words, with the rules that decide."""
    word, role = STATUS[side.status]
    yield word, role
    verdict = side.verdict
    if verdict is None:
        return
    rules = deciding(side)
    if rules:
        yield " by "
        yield from _rules(rules)
    elif verdict.missing:
        yield f": no rule allows {names(verdict.missing)}"
    elif verdict.note:
        yield f": {safe(verdict.note)}"


def _rules(rules: Sequence[RuleRef]) -> Iterator[Any]:
    for number, ref in enumerate(rules[:_FEW]):
        if number:
            yield ", "
        yield (f"{safe(ref.file)}:{ref.line}: ", "where")
        yield (safe(ref.text), "code")
    if len(rules) > _FEW:
        yield f" and {len(rules) - _FEW} more"


def count_lines(counts: Tally, lines: Lines) -> Iterator[str]:
    """What became of the lines and the records, in sentences."""
    read = counted(lines.read, "line")
    yield f"{read}: {lines.used} used, {lines.skipped} skipped, {lines.broken} broken"
    parts = [
        f"{counted(counts.records[change], 'record')} {TITLES[change][0]}"
        for change in CHANGES
        if counts.records[change]
    ]
    parts += [f"{lines.left_out} left out"] if lines.left_out else []
    parts += [f"{lines.statuses} of status"] if lines.statuses else []
    yield "; ".join(parts) if parts else "no records"
    yield (
        f"{counted(counts.let_through, 'record')} of accesses that were let through: of those a log"
        " holds only what complain mode or `audit` rules wrote, so silent work is not judged"
    )


def json_lines(replayed: Iterable[Replayed], counts: Tally, lines: Lines) -> Iterator[Object]:
    """An object a cause, and last the summary."""
    yield from map(replayed_json, replayed)
    yield summary_json(counts, lines)
