"""Programs that run under another profile: whether a change of policy leaves them freer.

Profiles are compared by their modes alone: one that lets everything through is as none.  What two
profiles allow that are both enforced is not compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from lsmc.analysis.change import Change, Direction, toward
from lsmc.automata.algebra import Table, walk
from lsmc.base.text import decode
from lsmc.engine.verdict import UNCONFINED
from lsmc.modules.apparmor.classes import EXECUTE, FILE
from lsmc.modules.apparmor.decide.attachment import parent_of
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.decide.subjects import LETTING_MODES
from lsmc.modules.apparmor.graph.attachment_index import AttachmentIndex, AttachmentScope
from lsmc.tables.records import ProfileRecord

#: Paths that two globs share of which the profile is asked.
_TRIED = 64
#: What an execution leads to, from least to most.
_REFUSED, _CONFINED, _FREE = range(3)


def with_freedom(changes: Iterable[Change], old: Engine, new: Engine) -> Iterator[Change]:
    """The changes; those of programs that run under another profile with a direction by modes."""
    former: dict[str, str] = {}
    for change in changes:
        if change.kind == "renamed":
            former[change.profile] = change.before
        if change.kind == "added":
            yield _added(change, old, new)
        elif change.direction == "other" and change.cls == FILE.name and "x" in change.permissions:
            before = _rank(old, change, former.get(change.profile, change.profile))
            after = _rank(new, change, change.profile)
            step = after - before if before is not None and after is not None else 0
            if step < 0 and _goes_by_path(change.after.exec):
                step = 0  # other programs may be led to another profile
            yield _told(change, toward((step,)), freed=after == _FREE)
        else:
            yield change


def _told(change: Change, direction: Direction, *, freed: bool = True) -> Change:
    hazards = ("leaves-confinement",) if direction == "wider" and freed else ()
    return change._replace(direction=direction, hazards=hazards)


def _rank(engine: Engine, change: Change, subject: str) -> int | None:
    """How free an execution leaves a program: from refused to `_FREE`; None where none is told.

    It is refused where the profile that should follow is not there.
    """
    asked = {**(change.witness or {}), "subject": subject, "perms": FILE.names(EXECUTE)}
    verdict = engine.answer(asked).verdict
    if verdict.missing:
        return _REFUSED
    if verdict.transition is None or verdict.transition.target is None:
        return None
    return _FREE if _is_free(engine, verdict.transition.target) else _CONFINED


def _goes_by_path(execution: str) -> bool:
    """Whether the profile that follows, as a rule has it, is the one that attaches to the path."""
    return execution[:1].lower() in ("p", "c") and " -> " not in execution


def _is_free(engine: Engine, target: str) -> bool:
    """Whether what a program runs under lets everything through: all of a stack must."""
    names = (part for part in target.split("//&") if part != UNCONFINED)
    records = (engine.find(name) for name in names)
    return all(record is not None and record.mode in LETTING_MODES for record in records)


def _added(change: Change, old: Engine, new: Engine) -> Change:
    """A new profile, which may take programs from another, or confine none."""
    record = new.find(change.profile)
    if record is None or new.tables.attachments.of(record) is None:
        return change
    before, after = (AttachmentIndex.of_tables(engine.tables) for engine in (old, new))
    parent, namespace = parent_of(record), record.namespace
    steps = set()
    for path in _programs(before.scope_of(record), after.scope_of(record), record):
        found, _ = before.find(path, parent=parent, namespace=namespace)
        follows, _ = after.find(path, parent=parent, namespace=namespace)
        step = _confines(found) - _confines(follows)
        if step > 0:
            return _told(change, "wider")._replace(witness={"object": decode(path)})
        steps.add(step)
    return _told(change, toward(steps))


def _programs(
    before: AttachmentScope, after: AttachmentScope, record: ProfileRecord
) -> Iterator[bytes]:
    """The programs that a new profile attaches to; of too many, those that others attach to.

    Of programs that two globs share, some are told, and of those of one glob alone the first.
    """
    listed = after.of[record.number]
    if listed is not None:
        yield from listed
        return
    (glob,) = (one for one in after.open if one.candidate.profile == record)
    accepts = glob.candidate.dfa.accepts
    yield from (p for p in before.starting(glob.prefix) if accepts[glob.walker.walk(p)])
    for other in (glob, *before.open):
        if other.prefix.startswith(glob.prefix) or glob.prefix.startswith(other.prefix):
            yield from islice(_shared((glob.table, other.table)), _TRIED)


def _shared(tables: tuple[Table, Table]) -> Iterator[bytes]:
    """Paths that two attachments match, each in another way."""

    def alive(states: tuple[Any, ...]) -> bool:
        return None not in states

    def matched(states: tuple[Any, ...]) -> bool:
        return alive(states) and all(map(Table.accepts, tables, states))

    return walk(tables, matched, alive=alive)


def _confines(profile: ProfileRecord | None) -> bool:
    return profile is not None and profile.mode not in LETTING_MODES
