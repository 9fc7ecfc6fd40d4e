"""The causes behind a log with their explanations: for people, and as one JSON object each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain, groupby
from typing import TYPE_CHECKING

from lsmc.explain.hazards import HAZARDS
from lsmc.output.explanation import miss_lines, obstacle_lines, place_words, reason_lines
from lsmc.output.json import Object, explanation, miss, obstacle, suggestion
from lsmc.output.json import verdict as verdict_json
from lsmc.output.styled import Line, line, safe
from lsmc.output.verdict import names

if TYPE_CHECKING:
    from lsmc.explain.diagnosis import Diagnosis, Explained, Remedy
    from lsmc.explain.log_groups import Cause

#: What a status is called, and the role that it plays.
STATUS: Mapping[str, tuple[str, str]] = {
    "denied": ("denied", "bad"),
    "allowed": ("allowed", "good"),
    "complain": ("would be denied", "warn"),
    "unconfined": ("not confined", "warn"),
    "no-profile": ("unknown", "warn"),
    "no-question": ("no answer", "dim"),
}
#: What it means that a log and this policy differ.
AGREEMENT: Mapping[str, str] = {
    "older": "this policy allows it: the running policy is older than these files",
    "newer": "the log shows it allowed: the running policy is not that of these files",
    "unloaded": "this policy allows it, but was not in force when this was logged: load it, and"
    " start the program anew",
    "enforced": "when this was logged it was refused; these files only log it",
    "complained": "when this was logged it was let through; these files refuse it",
    "unlogged": "these files refuse it without logging: another policy was running, or the kernel "
    "logs all denials",
}
#: The headings of remedies: for one, and for several.
TITLES: Mapping[str, tuple[str, str]] = {
    "exact": ("the smallest rule that would allow it", "the smallest rules that would allow it"),
    "general": ("a rule for its kind", "rules for its kind"),
    "abstraction": ("an abstraction that allows it", "abstractions that allow it"),
    "mend": ("a rule that can be mended", "rules that can be mended"),
    "deny": ("the rule that would have to give way", "the rules that would have to give way"),
    "flag": ("a flag of the profile that may help", "flags of profiles that may help"),
    "file": ("a profile that would allow it", "profiles that would allow it"),
    "advice": ("what helps", "what helps"),
}
#: A time beyond this is not a time of a log.
_LAST_EPOCH = 1 << 37


def when(epoch: int | None) -> str | None:
    """A time as text, None where there is none."""
    if epoch is None or epoch >= _LAST_EPOCH:
        return None
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def cause_json(found: Explained) -> Object:
    """A cause with its explanation as a JSON object."""
    diagnosis = found.diagnosis
    cause = diagnosis.cause
    verdict = diagnosis.verdict
    return {
        "count": cause.count,
        "first": when(cause.first),
        "last": when(cause.last),
        "profile": diagnosis.subject,
        "class": cause.cls,
        "operation": cause.record.operation,
        "object": cause.object,
        "processes": dict(cause.processes),
        "status": diagnosis.status,
        "agreement": diagnosis.agreement or None,
        "note": diagnosis.note,
        "record": cause.record.to_json(),
        "verdict": verdict_json(verdict) if verdict is not None else None,
        "reasons": [one for e in diagnosis.answers for one in explanation(e)["reasons"]],
        "obstacles": [obstacle(one) for e in diagnosis.answers for one in e.obstacles],
        "misses": [miss(one) for answer in diagnosis.answers for one in answer.misses],
        "suggestions": [suggestion(one) for one in found.remedies],
    }


def cause_lines(found: Explained) -> Iterator[Line]:
    """A cause and its explanation for people."""
    diagnosis = found.diagnosis
    cause = diagnosis.cause
    word, role = STATUS[diagnosis.status]
    yield line(
        (f"{cause.count}x ", "head"),
        (word, role),
        f": {safe(diagnosis.subject or cause.record.subject or '(no profile)')} ",
        f"{safe(what(cause))} ",
        (safe(cause.object), "code"),
    )
    yield line((f"  {seen(cause)}", "dim"))
    if words := cause.record.remark:
        yield line((f"  the kernel says: {safe(words)}", "dim"))
    if diagnosis.note:
        yield line(f"  {safe(diagnosis.note)}")
    if diagnosis.agreement in AGREEMENT:
        yield line("  ", (AGREEMENT[diagnosis.agreement], "warn"))
    yield from _answer(diagnosis)
    yield from _remedies(found.remedies)
    yield line()


def what(cause: Cause) -> str:
    """Class, operation and permissions of a cause, without repeated words."""
    operation = cause.record.operation or ""
    if ":" in operation:  # it names the class and the permissions
        return operation
    return " ".join(dict.fromkeys(filter(None, (cause.cls, operation, cause.denied))))


def seen(cause: Cause) -> str:
    """When, by whom, and where in the log."""
    first, last = when(cause.first), when(cause.last)
    times = first if first == last else f"{first} to {last}"
    commands = [safe(name) for name in sorted(cause.processes, key=lambda n: -cause.processes[n])]
    by = f"by {', '.join(commands)}{' and others' if cause.more else ''}" if commands else ""
    source = cause.record.source
    at = f"first at {safe(source.file)}:{source.line}" if source is not None else ""
    return "; ".join(part for part in (times, by, at) if part)


def _answer(diagnosis: Diagnosis) -> Iterator[Line]:
    verdict = diagnosis.verdict
    if verdict is None:
        return
    if verdict.note:
        yield line(f"  {safe(verdict.note)}")
    if diagnosis.status in ("denied", "complain"):
        if verdict.decision == "deny-implicit" and not verdict.note:
            yield line(f"  no rule allows {names(verdict.missing)}")
    elif verdict.audited:
        yield line("  allowed and logged: a rule has `audit`")
    for answer in diagnosis.answers:
        lines = (obstacle_lines(answer.obstacles), reason_lines(answer.reasons))
        for one in chain(*lines, miss_lines(answer.misses)):
            yield line("  ", *one)


def _remedies(remedies: Sequence[Remedy]) -> Iterator[Line]:
    for kind, some in groupby(remedies, key=lambda one: one.kind):
        listed = list(some)
        yield line("  ", (TITLES[kind][len(listed) > 1], "head"))
        places = {(one.profile, one.file, one.line) for one in listed}
        for one in listed:
            yield line("    ", (safe(one.brief), "" if one.says else "code"))
            if kind == "file":
                yield from (line("      ", (safe(text), "code")) for text in one.rule.split("\n"))
            elif one.file and (
                kind in ("exact", "mend", "deny", "flag", "advice") or len(places) > 1
            ):
                where = place_words(one)
                yield line((f"      {where}", "dim"))
            if one.opens:
                yield line(f"      {opens_words(one)}: {'; '.join(map(safe, one.opens))}")
            for hazard in one.hazards:
                yield line("      ", ("warning: ", "warn"), HAZARDS[hazard])


def opens_words(one: Remedy) -> str:
    """The introduction to examples of what a remedy opens."""
    if one.rules > len(one.opens):
        return f"also opens, by {one.rules} of its rules, among others"
    return "also opens, among others" if one.more else "also opens"
