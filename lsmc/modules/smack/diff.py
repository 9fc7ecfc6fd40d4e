"""What two Smack policies decide differently.

Two rules are compared by what they decide, not by their letters: a rule that only repeats what is
built in changes nothing.  A request is a set of letters, and the letters of a pair of plain labels
are decided one by one; where built-in rules take part (the object `_`, the subject `^`) every set
of letters is tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, count, islice

from lsmc.analysis.change import Change, Side, toward
from lsmc.engine.verdict import RuleRef
from lsmc.modules.smack.answer import Engine, deciding
from lsmc.modules.smack.decision import Decision, decide
from lsmc.modules.smack.labels import BRINGUP, FLOOR, HAT, LETTERS, STAR, WEB, names
from lsmc.modules.smack.operations import ACCESS
from lsmc.modules.smack.questions import access_request

_LETTERS = tuple(1 << at for at in range(len(LETTERS)))
#: Nothing, then each letter; and all sets of letters, the small ones first.
_SINGLE = (0, *_LETTERS)
_SETS = tuple(
    sum(some) for size in range(len(_LETTERS) + 1) for some in combinations(_LETTERS, size)
)


def diff(old: Engine, new: Engine) -> list[Change]:
    """The changes in the order of pairs, then those that concern no pair."""
    found: list[Change] = []
    for subject, obj in sorted({*_pairs(old), *_pairs(new)}):
        if old.access(subject, obj) != new.access(subject, obj):
            found += _changes(old, new, subject, obj)
    return [*found, *_unconfined(old, new), *_onlycap(old, new)]


def _pairs(engine: Engine) -> Iterator[tuple[str, str]]:
    labels = engine.tables.labels
    return ((labels[subject], labels[obj]) for subject, obj in engine.tables.pairs)


def _changes(old: Engine, new: Engine, subject: str, obj: str) -> Iterator[Change]:
    """What is decided differently for one pair: gained, lost, or reported otherwise."""
    requests = _SETS if obj == FLOOR or subject == HAT else _SINGLE
    gained: list[int] = []
    lost: list[int] = []
    reported: list[int] = []
    for request in requests:
        before, after = (_rules_alone(one, subject, obj, request) for one in (old, new))
        if before.allowed != after.allowed:
            (gained if after.allowed else lost).append(request)
        elif before.allowed and before.bringup != after.bringup:
            reported.append(request)
    for some in (gained, lost, reported):
        if some and not (reported and some == [BRINGUP]):  # what is reported says the same
            request = _witness(some, plain=requests is _SINGLE)
            yield _change(old, new, subject, obj, request)


def _rules_alone(engine: Engine, subject: str, obj: str, request: int) -> Decision:
    return decide(subject, obj, request, engine.access)


def _witness(requests: Sequence[int], *, plain: bool) -> int:
    """The request that shows a change: all letters that changed, or the fewest that do."""
    return sum(requests) if plain else next(filter(None, requests))


def _change(old: Engine, new: Engine, subject: str, obj: str, request: int) -> Change:
    sides = [_side(engine, subject, obj, request) for engine in (old, new)]
    before, after = sides
    letters = names(request)
    lone = next((side.rules[-1] for side in reversed(sides) if side.rules), None)
    return Change(
        profile=subject,
        kind="decision",
        cls=ACCESS,
        before=before,
        after=after,
        rule=lone,
        witness=access_request(subject, "".join(letters), obj),
        permissions=letters,
        shows=_outcome(old, subject, obj, request) != _outcome(new, subject, obj, request),
        direction=toward([len(after.allow) - len(before.allow)]),
    )


def _outcome(engine: Engine, subject: str, obj: str, request: int) -> tuple[bool, bool, bool]:
    """Whether a request is allowed, only let through, and reported though a rule allows it."""
    found = decide(subject, obj, request, engine.access, unconfined=engine.unconfined)
    return found.allowed, bool(found.unconfined), found.bringup


def _side(engine: Engine, subject: str, obj: str, request: int) -> Side:
    """What one policy decides on a request, and its rows for the pair."""
    found = _rules_alone(engine, subject, obj, request)
    letters = names(request)
    refs: tuple[RuleRef, ...] = tuple(row.ref for row in deciding(engine.rows(subject, obj)))
    return Side(
        allow=letters if found.allowed else (),
        audit=letters if found.allowed and found.bringup else (),
        rules=refs,
    )


def _unknown(*engines: Engine) -> Iterator[str]:
    """Labels that none of some policies names."""
    known = {label for engine in engines for label in engine.tables.number}
    return (name for at in count() if (name := f"other{at or ''}") not in known)


def _unconfined(old: Engine, new: Engine) -> Iterator[Change]:
    """A label whose refusals were, or are, only reported; nothing is refused to `@`."""
    if old.unconfined == new.unconfined:
        return
    other = next(_unknown(old, new))
    for label, step in ((old.unconfined, -1), (new.unconfined, 1)):
        if label and label != WEB:
            yield Change(
                profile=label,
                kind="setting",
                what="unconfined",
                before=step < 0,
                after=step > 0,
                witness=access_request(label, "w", other),
                direction=toward([step]),
            )


def _onlycap(old: Engine, new: Engine) -> Iterator[Change]:
    """The labels for which CAP_MAC_OVERRIDE counts, where no task can have `*` or `@`."""
    subject, obj = islice(_unknown(old, new), 2)
    labels = sorted((old.onlycap | new.onlycap) - {STAR, WEB})
    steps = {}
    for label in (*labels, subject):
        before, after = (not one.onlycap or label in one.onlycap for one in (old, new))
        if before != after:
            steps[label] = after - before
    if steps:
        label = next(iter(steps))
        yield Change(
            profile=label,
            kind="setting",
            what="onlycap",
            before=" ".join(sorted(old.onlycap)) or "all labels",
            after=" ".join(sorted(new.onlycap)) or "all labels",
            witness={**access_request(label, "w", obj), "capabilities": "mac_override"},
            direction=toward(steps.values()),
        )
