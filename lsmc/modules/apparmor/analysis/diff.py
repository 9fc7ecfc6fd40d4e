"""What two policies of AppArmor decide differently: rules, settings, and who gets which profile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import Any

from lsmc.analysis import diff as analysis
from lsmc.analysis.change import Change, toward
from lsmc.automata.algebra import Table, search
from lsmc.automata.dfa import Dfa
from lsmc.base.text import decode
from lsmc.modules.apparmor.analysis.executions import Executions
from lsmc.modules.apparmor.analysis.freedom import Freedom
from lsmc.modules.apparmor.analysis.programs import Programs
from lsmc.modules.apparmor.analysis.semantics import SEMANTICS
from lsmc.modules.apparmor.analysis.stakes import with_hazards
from lsmc.modules.apparmor.decide.attachment import scope_of
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.decide.subjects import LETTING_MODES
from lsmc.tables.records import ProfileRecord

#: Settings with which names are judged that are refused without (`path_name` of path.c).
_OPENING = ("attach_disconnected", "mediate_deleted")


def diff(old: Engine, new: Engine) -> list[Change]:
    """What changed from one policy to another; empty if and only if they decide alike.

    Compared are every decision for owner and other, audit and quiet flags, exec transitions, and
    what decides which profile a program gets.  Raises `StateLimit` when the policies are too
    complex to compare.
    """

    def heads(one: ProfileRecord, other: ProfileRecord) -> Iterator[Change]:
        yield from _settings(one, other)
        yield from _attachment(old, new, one, other)

    answering = (old.answer, new.answer)
    renamed = renames(old, new)
    changes = analysis.diff(SEMANTICS, old.tables, new.tables, heads, answering, renamed)
    return with_hazards(list(_directed(changes, (old, new), renamed)), *answering)


def _directed(
    changes: Sequence[Change], engines: tuple[Engine, Engine], renamed: Mapping[str, str]
) -> list[Change]:
    """The changes with those of executions and programs, each with its direction, in order."""

    def of_execution(change: Change, former: str) -> Iterator[Change]:
        return executions.directed(change, former)

    old, new = engines
    freedom = Freedom(engines, renamed, _settings, of_execution)
    executions, programs = Executions(freedom), Programs(freedom)
    found: list[Change] = []
    for change in changes:
        for one in programs.directed(change):
            found += executions.directed(one, renamed.get(one.profile, one.profile))
    moved = programs.moved(changes)
    if moved.names or moved.programs:
        for name in new.subjects:
            before, after = old.find(renamed.get(name, name)), new.find(name)
            if before is not None and after is not None:
                found += executions.moved((before, after), moved)
    return sorted(found, key=lambda change: change.profile)


def renames(old: Engine, new: Engine) -> dict[str, str]:
    """The former names of profiles that only NEW has, by name.

    A profile goes on under another name where exactly one profile of each policy is without a
    namesake and attaches to the same programs; its children and hats then go with it.
    """
    gone = _attached(old, set(old.subjects) - set(new.subjects))
    come = _attached(new, set(new.subjects) - set(old.subjects))
    found = {
        come[way][0]: names[0]
        for way, names in gone.items()
        if len(names) == 1 and len(come.get(way, ())) == 1
    }
    for name, former in tuple(found.items()):
        for child in old.subjects:
            if child.startswith(f"{former}//"):
                now = name + child.removeprefix(former)
                if new.find(now) is not None and old.find(now) is None:
                    found.setdefault(now, child)
    return found


def _attached(engine: Engine, names: Iterable[str]) -> dict[tuple[object, ...], list[str]]:
    """Profiles by what they attach to: the automata of equal attachments are equal."""
    found: dict[tuple[object, ...], list[str]] = {}
    for name in sorted(names):
        record = engine.find(name)
        attachment = engine.tables.attachments.of(record) if record is not None else None
        if record is not None and attachment is not None:
            conditions = tuple((key, _content(dfa)) for key, dfa in attachment.xattrs)
            way = (scope_of(record), _content(attachment.dfa), conditions)
            found.setdefault(way, []).append(name)
    return found


def _content(dfa: Dfa) -> tuple[tuple[int, ...], ...]:
    return tuple(map(tuple, dfa))


def _settings(one: ProfileRecord, other: ProfileRecord) -> Iterator[Change]:
    def change(what: str, before: object, after: object, *steps: float) -> Change:
        way = toward(steps)
        return Change(name, "setting", what=what, before=before, after=after, direction=way)

    name = other.full_name
    # the two free modes are the same to the kernel
    modes = [r.mode.replace("default_allow", "unconfined") for r in (one, other)]
    if modes[0] != modes[1]:
        free = [mode in LETTING_MODES for mode in modes]
        yield change("mode", one.mode, other.mode, free[1] - free[0])
    if one.is_hat != other.is_hat:
        yield change("hat", one.is_hat, other.is_hat)
    if one.audit != other.audit:
        yield change("audit", one.audit, other.audit)
    settings = [_without_basis(record.settings) for record in (one, other)]
    for key, before, after in _differing(*settings):
        step = (after is not None) - (before is not None) if key in _OPENING else 0
        yield change(key, before, after, step)
    for key, before, after in _differing(dict(one.rlimits), dict(other.rlimits)):
        yield change(f"rlimit {key}", before, after, _room(after) - _room(before))


def _differing(
    first: dict[str, str], second: dict[str, str]
) -> Iterator[tuple[str, str | None, str | None]]:
    for key in sorted(first.keys() | second.keys()):
        if first.get(key) != second.get(key):
            yield key, first.get(key), second.get(key)


def _without_basis(settings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The settings without what the profile was compiled for, which decides nothing by itself."""
    return {name: value for name, value in settings if name not in ("abi", "target")}


def _room(limit: str | None) -> float:
    """How much a resource limit leaves; without one, what the process had."""
    return inf if limit is None or not limit.isdecimal() else int(limit)


def _attachment(
    old: Engine, new: Engine, one: ProfileRecord, other: ProfileRecord
) -> Iterator[Change]:
    first, second = old.tables.attachments.of(one), new.tables.attachments.of(other)
    if first is None or second is None:
        if first is not second:
            yield _attaches(other, first is not None, second is not None)
        return
    names = [tuple(name for name, _ in c.xattrs) for c in (first, second)]
    pairs = [(first.dfa, second.dfa)]
    if names[0] == names[1]:
        pairs += [(a, b) for (_, a), (_, b) in zip(first.xattrs, second.xattrs, strict=True)]
    else:
        yield Change(other.full_name, "attachment", what="xattrs", before=names[0], after=names[1])
    for a, b in pairs:
        for more, less in ((a, b), (b, a)):
            path = _beyond(more, less)
            if path is not None:
                change = _attaches(other, more is a, more is b)
                yield change._replace(witness={"object": decode(path)})


def _attaches(profile: ProfileRecord, before: bool, after: bool) -> Change:
    """A program that gets the profile now, or no longer: then it runs without, as it did not."""
    way = toward((before - after,))
    return Change(profile.full_name, "attachment", before=before, after=after, direction=way)


def _beyond(more: Dfa, less: Dfa) -> bytes | None:
    """A shortest text that the one automaton matches and the other does not."""

    def goal(states: Sequence[Any]) -> bool:
        one, other = (
            state is not None and bool(dfa.accept_ids_of(state))
            for dfa, state in zip((more, less), states, strict=True)
        )
        return one and not other

    return search([Table(more), Table(less)], goal)
