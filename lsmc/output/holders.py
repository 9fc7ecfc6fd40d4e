"""Who may do something, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsmc.explain.holders import Holder
from lsmc.output.json import Object, verdict
from lsmc.output.styled import Line, line, safe
from lsmc.output.table import columns

#: What a decision that lets a subject through is called, its role, and its place in the list.
_HOW = {
    "allow": ("by rules", ""),
    "complain": ("complain mode only", "warn"),
    "unconfined": ("not confined", "bad"),
}
_WHOSE = {"all": "", "owner": "only what it owns", "other": "only what it does not own"}


def holder_lines(found: Sequence[Holder], asked: int, width: int | None) -> Iterator[Line]:
    """A row a subject, by how it may; last, how many of those that were asked."""
    order = list(_HOW)
    rows = []
    for one in sorted(found, key=lambda h: order.index(h.verdict.decision)):
        place = next((f"{safe(r.file)}:{r.line}" for r in one.verdict.rules), "")
        how = _HOW[one.verdict.decision]
        rule = "" if one.verdict.decision != "allow" else place
        rows.append(((safe(one.subject), "head"), how, _WHOSE[one.who], (rule, "where")))
    if rows:
        yield from columns(("subject", "how", "whose", "rule"), rows, width=width)
    yield line(_summary(found, asked))


def _summary(found: Sequence[Holder], asked: int) -> str:
    subjects = {one.subject for one in found}
    kinds = [
        f"{len({one.subject for one in found if one.verdict.decision == decision})} {words}"
        for decision, (words, _) in _HOW.items()
        if any(one.verdict.decision == decision for one in found)
    ]
    what = f": {', '.join(kinds)}" if kinds else ""
    return f"{len(subjects)} of {asked} subjects may{what}"


def to_json(found: Sequence[Holder]) -> list[Object]:
    """An object a subject: its name, whose objects, and the verdict."""
    return [
        {"subject": one.subject, "who": one.who, "verdict": verdict(one.verdict)} for one in found
    ]
