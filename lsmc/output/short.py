"""The causes behind a log in a table: a row for all that one change would mend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from lsmc.explain.choice import needs
from lsmc.explain.diagnosis import Explained
from lsmc.output.causes import STATUS, what
from lsmc.output.styled import Line, Piece, plain, safe
from lsmc.output.table import columns

_HEADS = ("count", "profile", "what", "status", "fix", "hazard")
#: Causes that have a row together when one rule for their kind allows them all.
_SEVERAL = 3
#: Where the files and the running policy differ, the fix is to load the files.
_LOADING = {
    "older": "load these files: they allow it",
    "unloaded": "load these files and start the program anew: they allow it",
}
_MISSING = "no-profile"
_NOTHING = "no rule for it is known: -v shows what was asked"
#: The most urgent status first.
_RANKS = {status: rank for rank, status in enumerate(STATUS)}


class CauseRow(NamedTuple):
    """Causes with the same fix, which is a rule or something else.

    They are of one profile, unless no profile is there.
    """

    causes: tuple[Explained, ...]
    fix: str
    is_rule: bool
    hazards: tuple[str, ...]

    @property
    def records(self) -> int:
        """The number of records."""
        return sum(one.diagnosis.cause.count for one in self.causes)

    @property
    def status(self) -> str:
        """What the policy says to all of them."""
        return self.causes[0].diagnosis.status


def rows(found: Sequence[Explained]) -> list[CauseRow]:
    """The rows of a table: the most frequent first, of equal ones the most dangerous first.

    A rule for objects of its kind counts where it is that of several causes.
    """
    wide = [fix_of(one, wide=True) for one in found]
    shared = Counter(wide)
    groups: dict[CauseFix, list[Explained]] = {}
    for one, fix in zip(found, wide, strict=True):
        alone = shared[fix] < _SEVERAL and not one.diagnosis.cause.varied
        groups.setdefault(fix_of(one, wide=False) if alone else fix, []).append(one)
    listed = [
        CauseRow(tuple(some), fix.text, fix.is_rule, fix.hazards) for fix, some in groups.items()
    ]
    return sorted(listed, key=lambda row: (-row.records, _RANKS[row.status], -len(row.hazards)))


class CauseFix(NamedTuple):
    """What helps a cause, and what else its row says."""

    subject: str
    status: str
    text: str
    is_rule: bool
    hazards: tuple[str, ...]
    denied: str = ""  # where nothing is known to help, what was denied


def fix_of(one: Explained, *, wide: bool) -> CauseFix:
    """What helps a cause; with `wide` a rule for objects of its kind."""
    remedies = [r for need in needs(one.remedies) for r in need.advised(wide=wide)]
    is_rule = bool(remedies) and not any(remedy.says for remedy in remedies)
    stacked = "//&" in one.diagnosis.subject
    texts = (
        f"in {remedy.profile}: {remedy.brief}"
        if stacked and remedy.profile in one.diagnosis.subject.split("//&")
        else remedy.brief
        for remedy in remedies
    )
    missing = one.diagnosis.status == _MISSING
    text = (" " if is_rule else "; ").join(texts) or _advice(one)
    return CauseFix(
        subject="" if missing else one.diagnosis.subject,
        status=one.diagnosis.status,
        text=text,
        is_rule=is_rule,
        hazards=tuple(dict.fromkeys(word for remedy in remedies for word in remedy.hazards)),
        denied=what(one.diagnosis.cause) if text == _NOTHING else "",
    )


def _advice(one: Explained) -> str:
    """What helps where no rule does, or why nothing does."""
    diagnosis = one.diagnosis
    if diagnosis.agreement in _LOADING:
        return _LOADING[diagnosis.agreement]
    if diagnosis.note:
        return diagnosis.note
    if diagnosis.status in ("allowed", "unconfined"):
        return "nothing to do"
    return _NOTHING


def short_lines(listed: Sequence[CauseRow], width: int | None) -> Sequence[Line]:
    """The table, for a screen of so many characters; None means any number.

    A narrow one has no column for what was asked: a rule names it, and before other advice on a
    profile it stands in the same column.
    """
    if not listed:
        return ()
    right = frozenset((0,))
    lines = list(columns(_HEADS, [_cells(row) for row in listed], right))
    if width is None or max(map(len, plain(lines).splitlines())) <= width:
        return lines
    heads = [head for head in _HEADS if head != "what"]
    return list(columns(heads, [_narrow_cells(row) for row in listed], right, width=width))


def _cells(row: CauseRow) -> tuple[str, str, str, Piece, Piece, Piece]:
    found = [one.diagnosis for one in row.causes]
    asked = [f"{what(one.cause)} {one.cause.object}".strip() for one in found]
    return (
        str(row.records),
        _first([one.subject or one.cause.record.subject or "(no profile)" for one in found]),
        _first(asked),
        STATUS[row.status],
        (safe(row.fix), "code" if row.is_rule else ""),
        (", ".join(row.hazards), "warn"),
    )


def _first(texts: Sequence[str]) -> str:
    """The first text, and how many others there are."""
    first, *others = dict.fromkeys(texts)
    return safe(first) + (f" and {len(others)} more" if others else "")


def _narrow_cells(row: CauseRow) -> tuple[str, str, Piece, Piece, Piece]:
    count, profile, asked, status, (fix, role), hazard = _cells(row)
    named = row.is_rule or row.status == _MISSING
    return count, profile, status, (fix if named else f"{asked}: {fix}", role), hazard
