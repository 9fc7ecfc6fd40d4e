"""Programs that get another profile, since profiles come, go or attach otherwise.

Of an attachment that matches few paths all are asked about.  Of any other those that other
attachments list, one for each way in which it matches together with another, and one of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lsmc.analysis.change import Change, toward
from lsmc.automata.algebra import Automaton
from lsmc.automata.members import common
from lsmc.base.text import decode
from lsmc.modules.apparmor.analysis.executions import TRIED, MovedTargets
from lsmc.modules.apparmor.analysis.freedom import Freedom
from lsmc.modules.apparmor.decide.attachment import parent_of, scope_of
from lsmc.modules.apparmor.decide.subjects import LETTING_MODES
from lsmc.modules.apparmor.graph.attachment_index import AttachmentIndex, AttachmentScope
from lsmc.tables.records import ProfileRecord

#: The kinds of changes with which programs may get another profile.
_ATTACHING = ("added", "removed", "attachment")


class Programs:
    """The programs of the profiles of two policies, and what becomes of them."""

    def __init__(self, freedom: Freedom) -> None:
        self._freedom = freedom
        self._engines = freedom.engines
        self._indexes = [AttachmentIndex.of_tables(one.tables) for one in self._engines]
        self._told: set[tuple[str, str]] = set()

    def moved(self, changes: Iterable[Change]) -> MovedTargets:
        """Where executions may lead elsewhere, as some changes say."""
        old, new = self._engines
        programs: dict[str, list[Automaton[Any] | tuple[bytes, ...]]] = {}
        for name in dict.fromkeys(one.profile for one in changes if one.kind in _ATTACHING):
            for side, record in enumerate(self._records(name)):
                if record is not None and self._attaches(side, record):
                    language = _language(self._indexes[side].scope_of(record), record)
                    programs.setdefault(scope_of(record), []).append(language)
        return MovedTargets(
            frozenset({*old.subjects} ^ {*new.subjects}),
            {scope: tuple(languages) for scope, languages in programs.items()},
        )

    def directed(self, change: Change) -> Iterator[Change]:
        """A change of what attaches with its direction, and one for programs that move.

        Whether a program is confined gives the direction.  What two profiles confine is compared
        in a change of its own, of the kind `program`.
        """
        if change.kind not in _ATTACHING or change.what:
            yield change
            return
        steps: dict[int, bytes] = {}
        moves: list[Change] = []
        listed = True
        for side, record in enumerate(self._records(change.profile)):
            if record is None or not self._attaches(side, record):
                continue
            scope = self._indexes[side].scope_of(record)
            listed = listed and scope.of[record.number] is not None
            for path in self._paths(scope, record):
                step = self._step(path, record, moves)
                if self._concerns(change, path):
                    steps.setdefault(step, path)
        if not steps or (change.direction == "wider" and 1 not in steps and not listed):
            yield change
        elif 1 in steps:
            example = {"object": decode(steps[1])} if change.kind == "added" else change.witness
            yield change._replace(
                direction="wider", witness=example, hazards=("leaves-confinement",)
            )
        else:
            yield change._replace(direction=toward(steps))
        yield from moves

    def _records(self, name: str) -> tuple[ProfileRecord | None, ProfileRecord | None]:
        """A profile in both policies."""
        old, new = self._engines
        return old.find(self._freedom.renamed.get(name, name)), new.find(name)

    def _attaches(self, side: int, record: ProfileRecord) -> bool:
        return self._engines[side].tables.attachments.of(record) is not None

    def _concerns(self, change: Change, path: bytes) -> bool:
        """Whether a path is one of those that a change is about."""
        if change.kind != "attachment":
            return True
        attached = []
        for side, record in enumerate(self._records(change.profile)):
            assert record is not None
            found = self._engines[side].tables.attachments.of(record)
            attached.append(found is not None and bool(found.dfa.match(path)))
        return attached == [change.before, change.after]

    def _step(self, path: bytes, record: ProfileRecord, moves: list[Change]) -> int:
        """Above 0 where a program is confined no longer, below 0 where it is now."""
        parent, namespace = parent_of(record), record.namespace
        before, after = (
            index.find(path, parent=parent, namespace=namespace)[0] for index in self._indexes
        )
        if _confines(before) and _confines(after):
            assert before is not None
            assert after is not None
            moves += self._move(before.full_name, after.full_name, path)
        return _confines(before) - _confines(after)

    def _move(self, before: str, after: str, path: bytes) -> Iterator[Change]:
        """What programs of a profile may do more and less under another, told once."""
        if (before, after) in self._told:
            return
        self._told.add((before, after))
        for way, example in self._freedom.ways(before, after).items():
            change = Change(
                after,
                "program",
                what=decode(path),
                before=before,
                after=after,
                direction=way,
            )
            if example is not None:
                change = change._replace(
                    cls=example.cls,
                    rule=example.rule,
                    witness=example.witness,
                    permissions=example.permissions,
                    who=example.who,
                )
            yield change

    def _paths(self, scope: AttachmentScope, record: ProfileRecord) -> Iterator[bytes]:
        """The programs of an attachment."""
        listed = scope.of[record.number]
        if listed is not None:
            yield from listed
            return
        (glob,) = (one for one in scope.open if one.candidate.profile == record)
        accepts = glob.candidate.dfa.accepts
        for index in self._indexes:
            rivals = index.scope_of(record)
            yield from (p for p in rivals.starting(glob.prefix) if accepts[glob.walker.walk(p)])
            for other in (glob, *rivals.open):
                if other.prefix.startswith(glob.prefix) or glob.prefix.startswith(other.prefix):
                    yield from common(glob.table, other.table, TRIED)


def _language(scope: AttachmentScope, record: ProfileRecord) -> Automaton[Any] | tuple[bytes, ...]:
    """The paths that a profile attaches to."""
    listed = scope.of[record.number]
    if listed is not None:
        return listed
    return next(one.table for one in scope.open if one.candidate.profile == record)


def _confines(profile: ProfileRecord | None) -> bool:
    return profile is not None and profile.mode not in LETTING_MODES
