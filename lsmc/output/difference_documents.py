"""The difference of two policies for pull requests: Markdown, SARIF 2.1.0, GitHub's commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from lsmc.analysis.change import Change
from lsmc.engine.verdict import RuleRef
from lsmc.explain.hazards import HAZARDS
from lsmc.output.difference import counted, example, headline
from lsmc.output.github import workflow_command
from lsmc.output.json import Object
from lsmc.output.report import LintReport
from lsmc.output.sarif import artifact, document
from lsmc.output.styled import safe
from lsmc.policy import Policy

_TICKS = re.compile("`+")
#: What each direction is, for people, and its level in SARIF and in GitHub's commands.
_DIRECTIONS: Mapping[str, tuple[str, str, str]] = {
    "wider": ("A subject may do more than before.", "warning", "warning"),
    "narrower": ("A subject may do less than before.", "note", "notice"),
    "other": ("Something changes that is neither more nor less.", "note", "notice"),
}


def markdown(changes: Sequence[Change], after: Policy) -> str:
    """A comment for a pull request: a table for each direction."""
    del after
    if not changes:
        return "No decision changes.\n"
    rows = [f"**{counted(changes)}**"]
    for direction in _DIRECTIONS:
        some = [change for change in changes if change.direction == direction]
        if some:
            rows += ["", f"### {direction.capitalize()}", ""]
            rows += ["| profile | change | example | at stake |", "| --- | --- | --- | --- |"]
            rows += map(_row, some)
    return "\n".join(rows) + "\n"


def _row(change: Change) -> str:
    what = headline(change).removeprefix(f"{safe(change.profile)}: ")
    cells = (safe(change.profile), what, example(change), "; ".join(_stakes(change)))
    return "| " + " | ".join(_cell(text) for text in cells) + " |"


def _cell(text: str) -> str:
    """A text in a cell, as code: nothing in it is markup."""
    if not text:
        return ""
    fence = "`" * (max(map(len, _TICKS.findall(text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    inner = text.replace("|", "\\|")
    return f"{fence}{pad}{inner}{pad}{fence}"


def github(changes: Sequence[Change], after: Policy) -> str:
    """One command a change; annotations stand at the rules of NEW."""
    report = LintReport(())
    lines = []
    for change in changes:
        fields: dict[str, object] = {}
        place = _place(change, after)
        if place is not None:
            fields = {"file": safe(report.named(place.file)), "line": place.line}
        fields["title"] = (
            f"policy is {change.direction}" if change.direction != "other" else "policy"
        )
        text = "\n".join((headline(change), *_remarks(change)))
        lines.append(workflow_command(_DIRECTIONS[change.direction][2], fields, text))
    return "".join(lines)


def sarif(changes: Sequence[Change], after: Policy) -> str:
    """The log of one run: a result a change."""
    report = LintReport(())
    names = list(_DIRECTIONS)
    rules = [
        {
            "id": f"policy-{name}",
            "shortDescription": {"text": text},
            "help": {"text": text},
            "defaultConfiguration": {"level": level},
        }
        for name, (text, level, _) in _DIRECTIONS.items()
    ]
    results = []
    for change in changes:
        result: Object = {
            "ruleId": f"policy-{change.direction}",
            "ruleIndex": names.index(change.direction),
            "level": _DIRECTIONS[change.direction][1],
            "message": {"text": "\n".join((headline(change), *_remarks(change)))},
            "properties": {"hazards": list(change.hazards)},
        }
        place = _place(change, after)
        if place is not None:
            result["locations"] = [_location(report, place, change.profile)]
        results.append(result)
    return document(report, rules, results, {})


def _location(report: LintReport, place: RuleRef, profile: str) -> Object:
    region = {"startLine": place.line, "startColumn": max(place.column, 1)}
    return {
        "physicalLocation": {"artifactLocation": artifact(report, place.file), "region": region},
        "logicalLocations": [{"name": profile, "kind": "profile"}],
    }


def _place(change: Change, after: Policy) -> RuleRef | None:
    """Where NEW says what changed: the rule behind it, else the profile; None without both."""
    rules = getattr(change.after, "rules", ())
    if change.rule is not None and change.rule in rules:
        return change.rule
    if rules:
        first: RuleRef = rules[0]
        return first
    record = after.engine.find(change.profile) if after.module.semantics is not None else None
    if record is None:
        return None
    place = after.bundle.place(record.place)
    return RuleRef(change.profile, place.file, place.line, place.column, place.text, ())


def _stakes(change: Change) -> list[str]:
    return [HAZARDS[word] for word in change.hazards]


def _remarks(change: Change) -> list[str]:
    shown = example(change)
    return [f"example: {shown}"] * bool(shown) + [f"warning: {text}" for text in _stakes(change)]


#: How to render changes, by format.
DOCUMENTS: Mapping[str, Callable[[Sequence[Change], Policy], str]] = {
    "markdown": markdown,
    "sarif": sarif,
    "github": github,
}
