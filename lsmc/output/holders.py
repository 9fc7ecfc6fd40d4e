"""Who may do something, for people and as JSON."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from lsmc.explain.holders import Holder
from lsmc.output.json import Object, verdict
from lsmc.output.styled import Line, line, safe
from lsmc.output.table import Cell, columns

#: What lets a subject through: what it is called, its role, and its place in the list.
_HOW = {
    "allow": ("by rules", ""),
    "unruled": ("no rule is asked", "warn"),
    "complain": ("complain mode only", "warn"),
    "permissive": ("permissive mode only", "warn"),
    "learning": ("learning mode only", "warn"),
    "disabled": ("no rule is asked", "bad"),
    "unconfined": ("not confined", "bad"),
}
_WHOSE = {"all": "", "owner": "only what it owns", "other": "only what it does not own"}


def holder_lines(found: Sequence[Holder], asked: int, width: int | None) -> Iterator[Line]:
    """A row a subject, by how it may; last, how many of those that were asked."""
    order = list(_HOW)
    rows = []
    for one in sorted(found, key=lambda h: order.index(_how(h))):
        place = next((f"{safe(r.file)}:{r.line}" for r in one.verdict.rules), "")
        how = _how(one)
        rule = "" if how != "allow" else place
        cells = ((safe(one.subject), "head"), _HOW[how], _WHOSE[one.who], (rule, "where"))
        example = one.example or {}
        rows.append((*cells, safe(str(example.get("object", "")))))
    if rows:
        heads = ("subject", "how", "whose", "rule", "example")
        unused = [n for n in (2, 4) if not any(row[n] for row in rows)]
        yield from columns(*_without(heads, rows, unused), width=width)
    yield line(_summary(found, asked))


def _how(one: Holder) -> str:
    """What lets a subject through: of what is not asked of rules, none is told."""
    decision = one.verdict.decision
    return decision if decision != "allow" or one.verdict.rules else "unruled"


def _without(
    heads: Sequence[str], rows: Sequence[Sequence[Cell]], columns: Collection[int]
) -> tuple[list[str], list[list[Cell]]]:
    """A table without some of its columns."""
    kept = [n for n in range(len(heads)) if n not in columns]
    return [heads[n] for n in kept], [[row[n] for n in kept] for row in rows]


def _summary(found: Sequence[Holder], asked: int) -> str:
    subjects = {one.subject for one in found}
    kinds = [
        f"{len({one.subject for one in found if _how(one) == how})} {words}"
        for how, (words, _) in _HOW.items()
        if any(_how(one) == how for one in found)
    ]
    what = f": {', '.join(kinds)}" if kinds else ""
    return f"{len(subjects)} of {asked} subjects may{what}"


def to_json(found: Sequence[Holder]) -> list[Object]:
    """An object a subject: its name, whose objects, and the verdict."""
    return [
        {
            "subject": one.subject,
            "who": one.who,
            "verdict": verdict(one.verdict),
            "example": dict(one.example) if one.example is not None else None,
        }
        for one in found
    ]
