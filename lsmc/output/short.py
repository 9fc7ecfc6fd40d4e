"""The causes behind a log in a table: a row for all that one change would mend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lsmc.explain.choice import needs
from lsmc.explain.diagnosis import Explained
from lsmc.output.causes import STATUS, what
from lsmc.output.styled import Line, Piece, safe
from lsmc.output.table import columns

_HEADS = ("count", "profile", "what", "status", "fix", "hazard")
#: What a narrow screen does without: a rule names its object.
_SPARE = (_HEADS.index("what"),)
#: Where the files and the running policy differ, the fix is to load the files.
_LOADING = {
    "older": "load these files: they allow it",
    "unloaded": "load these files and start the program anew: they allow it",
}
#: The most urgent status first.
_RANKS = {status: rank for rank, status in enumerate(STATUS)}


class Row(NamedTuple):
    """Causes of one profile with the same fix."""

    causes: tuple[Explained, ...]
    fix: str
    hazards: tuple[str, ...]

    @property
    def records(self) -> int:
        """The number of records."""
        return sum(one.diagnosis.cause.count for one in self.causes)

    @property
    def status(self) -> str:
        """What the policy says to all of them."""
        return self.causes[0].diagnosis.status


def rows(found: Sequence[Explained]) -> list[Row]:
    """The rows of a table: the most frequent first, of equal ones the most dangerous first."""
    groups: dict[tuple[str, str, str], list[Explained]] = {}
    risks: dict[tuple[str, str, str], dict[str, None]] = {}
    for one in found:
        diagnosis = one.diagnosis
        wide = diagnosis.cause.varied
        remedies = [r for need in needs(one.remedies) for r in need.advised(wide=wide)]
        fix = " ".join(remedy.brief for remedy in remedies) or _advice(one)
        key = (diagnosis.subject, diagnosis.status, fix)
        groups.setdefault(key, []).append(one)
        risk = risks.setdefault(key, {})
        risk.update(dict.fromkeys(word for remedy in remedies for word in remedy.hazards))
    listed = [Row(tuple(some), key[2], tuple(risks[key])) for key, some in groups.items()]
    return sorted(listed, key=lambda row: (-row.records, _RANKS[row.status], -len(row.hazards)))


def _advice(one: Explained) -> str:
    """What helps where no rule does, or why nothing does."""
    diagnosis = one.diagnosis
    if diagnosis.agreement in _LOADING:
        return _LOADING[diagnosis.agreement]
    if diagnosis.note:
        return diagnosis.note
    if diagnosis.status in ("allowed", "unconfined"):
        return "nothing to do"
    return "no rule can be added: -v tells why"


def short_lines(listed: Sequence[Row], width: int | None) -> Iterator[Line]:
    """The table, for a screen of so many characters; None means any number."""
    table = [_cells(row) for row in listed]
    yield from columns(_HEADS, table, frozenset((0,)), width=width, spare=_SPARE)


def _cells(row: Row) -> tuple[str | Piece, ...]:
    first = row.causes[0].diagnosis
    others = len(row.causes) - 1
    about = f"{what(first.cause)} {first.cause.object}".strip()
    more = f" and {others} more" if others else ""
    return (
        str(row.records),
        safe(first.subject or first.cause.record.subject or "(no profile)"),
        safe(about) + more,
        STATUS[row.status],
        (safe(row.fix), "code"),
        (", ".join(row.hazards), "warn"),
    )
