"""The words of results that several formats share."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis.access_search import Why, Witness
from lsmc.base.text import counted
from lsmc.output.explanation import explanation_lines
from lsmc.output.styled import Line, line, safe
from lsmc.output.verdict import verdict_lines
from lsmc.testing.results import CaseResult, FileResult, NeverResult

#: Subjects that are named, and requests that are shown, before their number is told.
_FEW = 5
_SHOWN = 20
#: Why something is let through that no rule allows, of one subject and of several.
_WHY: dict[Why, tuple[str, str]] = {
    "mode": (
        "does not allow it, but its mode lets it through",
        "do not allow it, but their modes let it through",
    ),
    "unconfined": ("is not confined", "are not confined"),
    "unmediated": ("is not asked: its abi lacks the class", "are not asked: their abi lacks it"),
}


def kept(file: FileResult) -> str:
    """How many tests of a file hold."""
    counts = [
        _kept(kind, len(results), sum(1 for one in results if one.holds))
        for kind, results in (("case", file.cases), ("never", file.nevers))
        if results
    ]
    free = sum(1 for one in file.cases if one.holds and one.verdict.decision == "unconfined")
    tail = f" ({counted(free, 'case')} because the subject is not confined)" if free else ""
    return f"{', '.join(counts)}{tail}"


def _kept(kind: str, total: int, holding: int) -> str:
    if holding == total:
        return f"{counted(total, kind)} hold{'s' * (total == 1)}"
    return f"{holding} of {counted(total, kind)} {'holds' if 1 in (holding, total) else 'hold'}"


def title(result: CaseResult | NeverResult) -> str:
    """What a test is called."""
    return result.case.name if isinstance(result, CaseResult) else f"never: {result.never.name}"


def place(file: FileResult, result: CaseResult | NeverResult) -> str:
    """Where a test stands, as FILE:LINE."""
    test = result.case if isinstance(result, CaseResult) else result.never
    return f"{safe(file.file.path)}:{file.file.line(test)}"


def reasons(result: CaseResult | NeverResult) -> tuple[str, ...]:
    """Why a test does not hold, a sentence each."""
    if isinstance(result, CaseResult):
        return result.failures
    may = sum(1 for one in result.breaches if one.why == "rules")
    found = [f"{counted(may, 'subject')} of {result.subjects} may do it"] if may else []
    for why, words in _WHY.items():
        names = [one.subject for one in result.breaches if one.why == why]
        if names:
            listed = ", ".join(names[:_FEW])
            more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
            found.append(f"{listed}{more} {words[len(names) > 1]}")
    return tuple(found)


def detail(file: FileResult, result: CaseResult | NeverResult) -> Iterator[Line]:
    """The explanation of a case that does not hold, or of each request that none may make."""
    if isinstance(result, CaseResult):
        request = dict(result.case.request)
        words = {name: request.pop(name) for name in ("subject", "op", "object")}
        yield from explanation_lines(file.policy.explain(**words, **request))
        return
    allowed = [breach for breach in result.breaches if breach.why == "rules"]
    for breach in allowed[:_SHOWN]:
        yield from verdict_lines(breach.verdict, question(breach))
    if len(allowed) > _SHOWN:
        yield line(f"and {len(allowed) - _SHOWN} more; --format json has them all")


def question(breach: Witness) -> tuple[str, str, str, dict[str, str]]:
    """A request as it is told to people: subject, operation, object and fields."""
    fields = {
        name: str(value)
        for name, value in breach.request.items()
        if name not in ("subject", "class", "perms", "object", "owner") and value != ""
    }
    perms = breach.request.get("perms", ())
    what = " ".join((str(breach.request.get("class", "")), *map(str, perms)))
    if breach.request.get("owner") is False:
        fields["owner"] = "false"
    return breach.subject, what, str(breach.request.get("object", "")), fields


def indented(lines: Iterator[Line], indent: str) -> Iterator[Line]:
    """Lines further to the right."""
    return (
        line(indent, *pieces) if any(text for text, _ in pieces) else pieces for pieces in lines
    )
